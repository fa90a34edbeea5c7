"""Steps that see the image, on images whose edges are known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mmspg.evaluation import LocalizationMetric, MaxBoxAcc
from mmspg.evaluation.functional import (
    apply_image_steps,
    box_iou,
    boxes_at_thresholds,
    checked_steps,
)
from mmspg.evaluation.locate import locate

SIZE = (60, 80)
BOX = [20, 15, 54, 44]


def photograph(seed=0):
    """A red object on a green ground, both with some noise."""
    rng = np.random.default_rng(seed)
    image = np.zeros((*SIZE, 3)) + (40, 160, 50)
    x0, y0, x1, y1 = BOX
    image[y0 : y1 + 1, x0 : x1 + 1] = (40, 40, 190)
    return (image + rng.normal(0, 8, image.shape)).clip(0, 255).astype('u1')


def blob():
    """A map whose peak lies in a corner of the object."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    found = np.exp(-((x - 29) ** 2 + (y - 24) ** 2) / 250.0)
    return found.astype(np.float32)


@pytest.mark.parametrize('step', ['grabcut', 'slic'])
def test_the_box_moves_to_the_edges(step):
    if step == 'slic':
        pytest.importorskip('skimage')
    placed = blob()
    found = apply_image_steps(placed, photograph(), [step])
    assert found.shape == placed.shape
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
    thresholds = np.arange(20) / 20
    before, after = (
        box_iou(boxes_at_thresholds(one, thresholds), [BOX]).max()
        for one in (placed, found)
    )
    assert after > before + (0.1 if step == 'grabcut' else 0)
    again = apply_image_steps(placed, photograph(), [step])
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize('step', ['grabcut', 'slic'])
def test_a_map_without_evidence_stays_without_a_box(step):
    if step == 'slic':
        pytest.importorskip('skimage')
    flat = np.zeros(SIZE, np.float32)
    assert not apply_image_steps(flat, photograph(), [step]).any()


@given(st.integers(0, 10**6))
def test_superpixels_vote_by_their_mean(seed):
    skimage = pytest.importorskip('skimage.segmentation')
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (12, 14, 3), np.uint8)
    score_map = rng.random((12, 14), np.float32)
    step = dict(type='slic', segments=9)
    found = apply_image_steps(score_map, image, [step])
    labels = skimage.slic(image, 9, compactness=10, start_label=0)
    for label in np.unique(labels):
        mean = score_map[labels == label].mean()
        np.testing.assert_allclose(
            2 * found[labels == label] - score_map[labels == label],
            mean,
            atol=1e-5,
        )


class StandIn(nn.Module):
    """The red pixels inside of the prompt's box."""

    def forward(self, image, box):
        red = (image[:, 0] > 120) & (image[:, 1] < 120)
        x = torch.arange(image.shape[3]) + 0.5
        y = torch.arange(image.shape[2]) + 0.5
        x0, y0, x1, y1 = box[0]
        across = (x > x0 - 40) & (x < x1 + 40)
        along = (y > y0 - 40) & (y < y1 + 40)
        return (red & across & along[:, None]).float()


def test_a_model_of_ones_own(tmp_path):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    file = str(tmp_path / 'cut.onnx')
    example = (torch.zeros(1, 3, 96, 96), torch.zeros(1, 4))
    torch.onnx.export(
        StandIn(), example, file, input_names=['image', 'box'], dynamo=True
    )
    step = dict(type='segmenter', file=file, side=96)
    found = apply_image_steps(blob(), photograph(), [step])
    (box,) = boxes_at_thresholds(found, [0.5])
    assert np.abs(box - BOX).max() <= 1


@pytest.mark.parametrize(
    'file, words', [('no.onnx', 'there is no'), (__file__, 'is not an .onnx')]
)
def test_a_file_that_is_no_model(file, words):
    with pytest.raises(ValueError, match=words):
        apply_image_steps(
            blob(), photograph(), [dict(type='segmenter', file=file)]
        )


@pytest.mark.parametrize(
    'steps, message',
    [
        (['grabcut', 'percentile'], 'Write these last'),
        ([dict(type='grabcut', q=1)], 'valid are delta_h, delta_l, iter'),
        ([dict(type='segmenter')], 'needs its file'),
    ],
)
def test_wrong_lists(steps, message):
    with pytest.raises(ValueError, match=message):
        checked_steps(steps)


def test_located_on_the_image_of_the_sample(tmp_path):
    """In memory, or by its path; without either it is an error."""
    sample = dict(
        score_map=blob()[None, ::4, ::4],
        score_map_labels=[0],
        ori_shape=SIZE,
        img_shape=SIZE,
    )
    steps = ['percentile', 'grabcut']
    with pytest.raises(ValueError, match='neither ori_img nor img_path'):
        locate(sample, 0.5, label=0, score_map_steps=steps)
    inside = locate(
        dict(sample, ori_img=photograph()), 0.5, score_map_steps=steps, label=0
    )
    from PIL import Image

    path = tmp_path / 'image.png'
    Image.fromarray(photograph()[..., ::-1]).save(path)
    by_path = locate(
        dict(sample, img_path=str(path)), 0.5, score_map_steps=steps, label=0
    )
    np.testing.assert_array_equal(inside.score_map, by_path.score_map)
    plain = locate(sample, 0.5, label=0, score_map_steps=steps[:1])
    ious = box_iou([plain.box, inside.box], [BOX])[:, 0]
    assert ious[1] > ious[0]
    assert LocalizationMetric(score_map_steps=steps).reading
    with pytest.raises(ValueError, match='score maps alone'):
        MaxBoxAcc(score_map_steps=steps)
