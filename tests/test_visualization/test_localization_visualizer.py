"""Pictures: right boxes at the right place, whole, at any size."""

import mmcv
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmspg.visualization import PALETTES, LocalizationVisualizer

NAMES = ['plain', 'costs $5 & $6 <b>', 'Alligator mississipiensis, ' * 6]


def sample_of(height, width, box, gt_boxes, predicted=0, true=1):
    """Make a sample whose map is 1 in a box (inclusive pixels)."""
    sample = DataSample(
        metainfo={'ori_shape': (height, width), 'img_shape': (height, width)}
    )
    sample.set_gt_label(true).set_pred_label(predicted)
    sample.set_pred_score(torch.tensor([0.5, 0.3, 0.2]))
    maps = torch.zeros(2, height, width)
    x0, y0, x1, y1 = box
    maps[0, y0 : y1 + 1, x0 : x1 + 1] = 1
    maps[1, : height // 2 + 1, : width // 2 + 1] = 1
    sample.score_map = maps
    sample.score_map_labels = torch.tensor([predicted, true])
    sample.ori_gt_bboxes = torch.from_numpy(np.float32(gt_boxes))
    return sample


def draw(sample, image=None, **kwargs):
    if image is None:
        image = np.zeros((*sample.ori_shape, 3), np.uint8)
    visualizer = LocalizationVisualizer(name='test')
    kwargs = {'classes': NAMES, 'alpha': 0.0, **kwargs}
    return visualizer.visualize_localization(image, sample, **kwargs)


def extent(picture, colour, panel, count=2):
    """Find a colour below the caption: x0, y0, x1, y1 in a black panel."""
    width = picture.shape[1] // count
    picture = picture[:, panel * width : (panel + 1) * width]
    # The panel is what is not white; its rows are mostly dark.
    body = np.flatnonzero((picture < 128).all(-1).mean(1) > 0.5)
    rows = slice(body[0], body[-1] + 1)
    dark = np.flatnonzero((picture[rows] < 128).all(-1).mean(0) > 0.5)
    found = (picture[rows] == colour).all(-1)
    y, x = np.nonzero(found)
    side = np.array([dark[-1] - dark[0] + 1, len(body)])
    x, y = x - dark[0], y
    return np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) / np.tile(
        side, 2
    )


@pytest.mark.parametrize('palette', PALETTES)
@pytest.mark.parametrize(
    'height, width', [(64, 64), (375, 500), (500, 333), (2000, 3000)]
)
def test_boxes_are_where_they_belong(height, width, palette):
    box = np.array([width // 4, height // 4, width // 2, height // 2])
    truth = np.array([width // 8, height // 8, width // 3, 3 * height // 4])
    sample = sample_of(height, width, box, [truth])
    picture = draw(sample, palette=palette)
    size = np.array([width, height, width, height])
    for panel in range(2):
        # The edges are 3 pixels wide.
        colours = PALETTES[palette]
        got = extent(picture, colours.predicted, panel)
        assert got == pytest.approx((box + (0, 0, 1, 1)) / size, abs=0.01)
        got = extent(picture, colours.true, panel)
        assert got == pytest.approx(truth / size, abs=0.015)


@pytest.mark.parametrize(
    'height, width', [(1, 1), (1, 1000), (1000, 1), (3000, 2000), (64, 64)]
)
@pytest.mark.parametrize('true', [1, 2])
def test_readable_and_whole_at_any_size(height, width, true):
    whole = [0, 0, width, height]
    sample = sample_of(
        height, width, [0, 0, width - 1, height - 1], [whole], true=true
    )
    picture = draw(sample)
    assert picture.dtype == np.uint8
    # Room for forty characters of text, and a size that a page can show.
    assert 500 <= picture.shape[1] <= 1600
    assert picture.shape[0] <= 1200
    # Nothing reaches the border: no text or box is cut off.
    edge = [picture[:4], picture[-4:], picture[:, :4], picture[:, -4:]]
    assert all((strip == 255).all() for strip in edge)


def test_text_names_what_is_drawn(monkeypatch):
    told = []
    ax = LocalizationVisualizer(name='spy').ax_save
    original = type(ax).text
    monkeypatch.setattr(
        type(ax),
        'text',
        lambda self, x, y, s, **kw: (
            told.append(s) or original(self, x, y, s, **kw)
        ),
    )
    # Box 10 x 10 in a true one of 10 x 20: IoU .5.
    sample = sample_of(40, 40, [10, 10, 19, 19], [[10, 10, 20, 30]])
    draw(sample, threshold=0.35)
    assert told == [
        'predicted: plain, 0.50',
        'true: costs $5 & $6 <b>',
        'IoU 0.50, threshold 0.35',
    ]
    told.clear()
    draw(sample, label='true', rule='cam', threshold=None)
    assert told[1] == 'map and box of: costs $5 & $6 <b>'
    assert told[-1].endswith('threshold 0.2')


def test_class_of_the_truth_has_its_own_box():
    sample = sample_of(64, 64, [40, 40, 60, 60], [[1, 1, 9, 9]])
    for label in ('true', 1):
        got = extent(draw(sample, label=label), (0, 210, 0), 0)
        assert got == pytest.approx([0, 0, 33 / 64, 33 / 64], abs=0.015)


def test_map_shows_through():
    sample = sample_of(64, 64, [16, 16, 47, 47], [[1, 1, 9, 9]])
    picture = draw(sample, alpha=1.0, palette='colour-blind')
    middle = picture[picture.shape[0] // 2 + 40]
    left, right = np.split(middle, 2)
    assert left[len(left) // 2].tolist() == [0, 0, 0]
    assert right[len(right) // 2].tolist() == [255, 255, 255]


def test_what_is_absent_is_not_drawn():
    sample = sample_of(64, 64, [16, 16, 47, 47], [[1, 1, 9, 9]])
    truth_only = draw(sample, draw_pred=False)
    assert not (truth_only == (0, 210, 0)).all(-1).any()
    assert (truth_only == (235, 0, 0)).all(-1).any()
    no_truth = draw(sample, draw_gt=False)
    assert not (no_truth == (235, 0, 0)).all(-1).any()
    assert (no_truth == (0, 210, 0)).all(-1).any()
    bare = DataSample(metainfo={'ori_shape': (64, 64)})
    assert draw(bare).shape[0] < truth_only.shape[0]


def test_map_without_anything_has_a_picture():
    sample = sample_of(64, 64, [0, 0, 63, 63], [[1, 1, 9, 9]])
    sample.score_map[:] = float('nan')
    assert draw(sample).shape[2] == 3


def test_file_and_backends(tmp_path):
    sample = sample_of(64, 64, [16, 16, 47, 47], [[1, 1, 9, 9]])
    path = tmp_path / 'new' / 'picture.png'
    picture = draw(sample, out_file=str(path))
    assert np.array_equal(mmcv.imread(path, channel_order='rgb'), picture)
    visualizer = LocalizationVisualizer(
        name='local',
        vis_backends=[{'type': 'LocalVisBackend'}],
        save_dir=str(tmp_path),
    )
    visualizer.dataset_meta = {'classes': NAMES}
    image = np.zeros((64, 64, 3), np.uint8)
    visualizer.visualize_localization(
        image, sample, name='a+b', step=3, alpha=0.0
    )
    (saved,) = tmp_path.rglob('a+b_3.png')
    assert np.array_equal(mmcv.imread(saved, channel_order='rgb'), picture)


@pytest.mark.parametrize(
    'image', [np.zeros((64, 64)), np.zeros((64, 64, 3)), [[0]]]
)
def test_refuses_what_is_no_image(image):
    sample = sample_of(64, 64, [0, 0, 9, 9], [[1, 1, 9, 9]])
    with pytest.raises(ValueError, match='uint8 array in RGB'):
        draw(sample, image)


def test_refuses_a_turned_image():
    sample = sample_of(64, 48, [0, 0, 9, 9], [[1, 1, 9, 9]])
    with pytest.raises(ValueError, match='64 x 48 pixels.*says 48 x 64'):
        draw(sample, np.zeros((48, 64, 3), np.uint8))


def test_unknown_palette_lists_the_known():
    with pytest.raises(ValueError, match='paper, colour-blind'):
        LocalizationVisualizer(name='test', palette='pink')


def test_images_of_no_class_or_of_several(monkeypatch):
    lines = []
    compose = LocalizationVisualizer._compose
    monkeypatch.setattr(
        LocalizationVisualizer,
        '_compose',
        lambda self, panels, told: (
            lines.append([t.text for t in told]) or compose(self, panels, told)
        ),
    )
    sample = sample_of(40, 40, [10, 10, 19, 19], [[10, 10, 20, 30]])
    sample.set_gt_label([0, 1]).set_pred_label([0, 2])
    draw(sample, threshold=0.35)
    assert lines[-1][0].startswith('predicted: plain, 0.50; ')
    assert lines[-1][1].startswith('true: plain; ')
    sample.set_gt_label([]).set_pred_label([])
    draw(sample, threshold=0.35, label='true')
    assert lines[-1] == ['true: no class']
