"""The inferencer: inputs of every kind, and one box for one image."""

import gc
import json
import logging
from types import GeneratorType

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from PIL import Image

from mmspg.apis import LocalizationInferencer, models
from mmspg.apis.models import choose_protocol, labels_of
from mmspg.apis.video import annotate
from mmspg.datasets.images.reading import UnreadableImageError
from mmspg.evaluation.functional import box_iou
from mmspg.evaluation.functional.peaks import objects_of, suppress
from mmspg.evaluation.metrics import localization_metric
from mmspg.evaluation.protocol import (
    protocol_of,
)
from mmspg.utils.carried_config import META_KEY
from mmspg.visualization import (
    LocalizationVisualizer,
    localization_visualizer,
)

pytestmark = pytest.mark.filterwarnings('ignore')


@pytest.fixture(scope='module')
def find(files):
    return LocalizationInferencer(*files, threshold=0.6)


@pytest.fixture(scope='module')
def photo():
    """``(48, 72, 3)`` uint8 R, G, B, unlike its mirror images."""
    y, x = np.mgrid[:48, :72]
    blob = 255 * np.exp(-((x - 20) ** 2 + (y - 30) ** 2) / 90)
    return np.stack([blob, x * 3, y * 5], axis=-1).astype(np.uint8)


def test_one_box_for_test_hook_and_inferencer(files, tmp_path, monkeypatch):
    """tools/test.py's metric, its hook and the inferencer agree exactly."""
    config, checkpoint = files
    cfg = Config.fromfile(config)
    cfg.work_dir, cfg.load_from = str(tmp_path), checkpoint
    cfg.custom_hooks = []  # the checkpoint's classes have other names
    cfg.test_dataloader.dataset.num_images = 6
    cfg.test_evaluator.threshold = 0.4
    cfg.default_hooks.visualization.update(enable=True, interval=1)

    drawn, measured = {}, {}
    locate = localization_visualizer.locate

    def locate_and_keep(sample, *args, **kwargs):
        found = locate(sample, *args, **kwargs)
        drawn[sample.img_path] = found
        return found

    class Keep(Hook):
        def after_test_iter(self, runner, batch_idx, data_batch, outputs):
            for sample in outputs:
                measured[sample.img_path] = sample

    monkeypatch.setattr(localization_visualizer, 'locate', locate_and_keep)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Keep())
    hits = []
    measure = localization_metric.locate

    def measure_and_keep(sample, thresholds, **kwargs):
        found = measure(sample, thresholds, **kwargs)
        hits.append(found.box[list(thresholds).index(0.4)].tolist())
        return found

    monkeypatch.setattr(localization_metric, 'locate', measure_and_keep)
    runner.test()

    find = LocalizationInferencer(cfg, checkpoint)
    assert find.protocol.threshold == 0.4
    for name, box in zip(measured, hits, strict=True):
        sample = measured[name]
        top = find(name, progress=False)[0]
        assert top['box'] == drawn[name].box.tolist()
        assert top['pred_label'] == drawn[name].label
        # The metric boxes the true class.
        label = int(sample.gt_label)
        true = find(name, label=label, progress=False)[0]
        assert true['box'] == box


def save(image, path, **kwargs):
    Image.fromarray(image).save(path, **kwargs)
    return str(path)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_orientation(find, photo, tmp_path, orientation):
    """However a camera stored it, the box is where a person sees it."""
    upright = find(save(photo, tmp_path / 'upright.png'), progress=False)[0]
    stored = {  # what a viewer undoes by the orientation
        1: photo,
        2: photo[:, ::-1],
        3: photo[::-1, ::-1],
        4: photo[::-1],
        5: photo.swapaxes(0, 1),
        6: np.rot90(photo),
        7: photo[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(photo, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    path = save(np.ascontiguousarray(stored), tmp_path / 'x.png', exif=exif)
    turned = find(path, progress=False)[0]
    assert turned['size'] == (72, 48)
    assert turned['box'] == upright['box']


def test_every_kind_of_file(find, photo, tmp_path):
    grey = photo[..., 0]
    deep = np.uint16(grey) * 257
    alpha = np.dstack([photo, np.full((48, 72), 255, np.uint8)])
    plain = find(save(photo, tmp_path / 'a.png'), progress=False)[0]
    assert find(save(alpha, tmp_path / 'b.png'))[0]['box'] == plain['box']
    flat = find(save(grey, tmp_path / 'c.png'))[0]
    assert find(save(deep, tmp_path / 'd.png'))[0]['box'] == flat['box']
    cmyk = Image.fromarray(photo).convert('CMYK')
    cmyk.save(tmp_path / 'e.jpg', quality=100)
    result = find(str(tmp_path / 'e.jpg'))[0]
    assert result['size'] == (72, 48)
    assert np.abs(np.subtract(result['box'], plain['box'])).max() <= 8
    clear = np.dstack([photo, np.zeros((48, 72), np.uint8)])
    clear = find(save(clear, tmp_path / 'f.png'))[0]
    assert clear['size'] == (72, 48)


@pytest.mark.parametrize('size', [(1, 1000), (1000, 1), (1, 1), (2400, 1600)])
def test_extreme_sizes(find, size, tmp_path):
    width, height = size
    path = tmp_path / 'x.png'
    Image.linear_gradient('L').resize(size).save(path, compress_level=1)
    result = find(str(path), return_score_maps=True, progress=False)[0]
    assert result['size'] == size
    assert result['score_map'].shape == (height, width)
    x0, y0, x1, y1 = result['box']
    assert 0 <= x0 <= x1 < width
    assert 0 <= y0 <= y1 < height


def test_arrays_lists_generators_and_folders_agree(find, photo, tmp_path):
    names = []
    for i in range(3):
        folder = tmp_path / f'sub{i % 2}'
        folder.mkdir(exist_ok=True)
        names.append(save(np.roll(photo, 24 * i, 1), folder / f'{i}.png'))
    (tmp_path / 'notes.txt').write_text('no image')
    bgr = [np.roll(photo, 24 * i, 1)[..., ::-1] for i in range(3)]
    boxes = [find(name, progress=False)[0]['box'] for name in names]
    assert len({tuple(box) for box in boxes}) > 1
    for given in (names, tuple(bgr), iter(bgr), (n for n in names)):
        results = find(given, batch_size=2, progress=False)
        assert [r['box'] for r in results] == boxes
    in_folder = find(tmp_path, batch_size=2)
    assert {r['img_id']: r['box'] for r in in_folder} == {
        'sub0/0.png': boxes[0],
        'sub0/2.png': boxes[2],
        'sub1/1.png': boxes[1],
    }
    single = find(photo[..., ::-1], progress=False)[0]
    assert single['box'] == boxes[0]
    assert single['img_id'] == '0'


def test_generators_are_not_run_ahead(find, photo):
    asked = []

    def camera():
        for i in range(9):
            asked.append(i)
            yield photo

    stream = find.stream(camera(), batch_size=2, progress=False)
    next(stream)
    assert len(asked) == 2


def test_classes_asked_for(find, photo):
    top = find(photo, topk=4)[0]
    scores = [location['score'] for location in top['locations']]
    assert scores == sorted(scores, reverse=True)
    assert top['locations'][0]['box'] == top['box']
    by_label = {location['label']: location for location in top['locations']}
    assert len(by_label) == 4
    for label in (3, '3', 'vier', ['vier']):
        asked = find(photo, label=label)[0]
        assert asked['box'] == by_label[3]['box']
        assert asked['locations'][0]['class'] == 'vier'
        assert asked['pred_label'] == top['pred_label']
    two = find(photo, label=['drei', 0])[0]['locations']
    assert [location['label'] for location in two] == [2, 0]


def test_all_boxes_and_score_map(find, photo):
    result = find(photo, all_boxes=True, return_score_maps=True)[0]
    assert result['boxes'][0] == result['box']
    assert result['score_map'].min() == 0
    assert result['score_map'].max() == 1
    foreground = np.argwhere(result['score_map'] > 0.6)
    corners = np.array(result['boxes'])
    low, high = foreground.min(0)[::-1], foreground.max(0)[::-1]
    assert corners[:, :2].min(0).tolist() == low.tolist()
    assert corners[:, 2:].max(0).tolist() == high.tolist()


def test_unreadable_is_named_and_skipped(find, photo, tmp_path, caplog):
    for i in range(5):
        save(photo, tmp_path / f'{i}.png')
    broken = tmp_path / '2.png'
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(UnreadableImageError, match='2.png') as error:
        find(tmp_path)
    # It holds all frames, and still the bar has ended.
    assert error.tb
    generators = [g for g in gc.get_objects() if type(g) is GeneratorType]
    assert not [g for g in generators if g.gi_frame and g.__name__ == 'track']
    with caplog.at_level(logging.WARNING):
        results = find(tmp_path, unreadable='skip', batch_size=2)
    assert [r['img_id'] for r in results] == [
        '0.png',
        '1.png',
        '3.png',
        '4.png',
    ]
    assert list(find.unreadable) == ['2.png']
    assert str(broken) in find.unreadable['2.png']


def test_a_photograph_beyond_the_limit(find, photo, tmp_path, monkeypatch):
    """It is read at half its size, and its box is in its own pixels."""
    large = np.repeat(np.repeat(photo, 4, 0), 4, 1)
    path = tmp_path / 'large.jpg'
    Image.fromarray(large).save(path, quality=95)
    (whole,) = find(path, progress=False)
    monkeypatch.setenv('MMSPG_MAX_PIXELS', str(large[..., 0].size // 4))
    (reduced,) = find(path, progress=False, all_boxes=True)
    assert reduced['size'] == whole['size'] == (288, 192)
    assert reduced['boxes'][0] == reduced['box']
    boxes = np.array([whole['box'], reduced['box']])
    assert box_iou(boxes[:1], boxes[1:]).item() > 0.9


def test_json_and_coco(find, photo, tmp_path):
    results = find([photo, photo], topk=2, return_score_maps=True)
    find.save(results, tmp_path / 'new' / 'a.json')
    loaded = json.loads((tmp_path / 'new' / 'a.json').read_text())
    assert [r['box'] for r in loaded] == [r['box'] for r in results]
    assert (
        loaded[0]['locations'][1]['label']
        == (results[0]['locations'][1]['label'])
    )
    find.save(results, tmp_path / 'coco.json', coco=True)
    coco = json.loads((tmp_path / 'coco.json').read_text())
    rows = coco['annotations']
    assert len(rows) == 4
    x0, y0, x1, y1 = results[1]['box']
    assert rows[2]['bbox'] == [x0, y0, x1 - x0 + 1, y1 - y0 + 1]
    [name] = [i['file_name'] for i in coco['images'] if i['id'] == 2]
    assert rows[2]['image_id'] == 2
    assert name == '1'
    names = {c['id']: c['name'] for c in coco['categories']}
    for row, place in zip(rows, results[0]['locations'], strict=False):
        assert names[row['category_id']] == place['class']


def test_pictures(find, photo, tmp_path):
    find([photo, photo], topk=2, show_dir=tmp_path / 'drawn')
    pictures = sorted((tmp_path / 'drawn').glob('*.png'))
    assert [p.name for p in pictures] == ['0.png', '1.png']
    one = LocalizationVisualizer().visualize_localization(
        photo, find(photo, return_datasamples=True)[0]
    )
    two = Image.open(pictures[0]).size
    assert two[1] > 2 * one.shape[0] - 40


def test_protocol_sources(files, tmp_path):
    config, checkpoint = files
    cfg = Config.fromfile(config)
    assert protocol_of(cfg, checkpoint).source == 'default'
    cfg.test_evaluator = [
        dict(type='Accuracy'),
        dict(type='mmspg.LocalizationMetric', rule='cam', align_corners=True),
    ]
    found = protocol_of(cfg, checkpoint)
    assert found[:3] == (0.2, 'cam', True)
    (tmp_path / 'tiny.pth').write_bytes(open(checkpoint, 'rb').read())
    chosen = dict(threshold=0.35, chosen_on='val', rule='largest_area')
    (tmp_path / 'tiny.threshold.json').write_text(json.dumps(chosen))
    copy = str(tmp_path / 'tiny.pth')
    found = LocalizationInferencer(config, copy).protocol
    assert found.threshold == 0.35
    assert 'val' in found.source
    given = LocalizationInferencer(config, copy, threshold=0.6).protocol
    assert (given.threshold, given.source) == (0.6, 'given')
    cfg = Config.fromfile(config)
    cfg.test_evaluator.threshold = 0.7
    fixed = protocol_of(cfg, checkpoint)
    assert (fixed.threshold, fixed.source) == (0.7, 'fixed')


def test_bad_input(find, files, photo, tmp_path):
    config, checkpoint = files
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(ValueError, match='pretrained=False'):
        LocalizationInferencer(config)
    torch.save(dict(state_dict=dict(a=torch.ones(1))), tmp_path / 'x.pth')
    with pytest.raises(FileNotFoundError, match=r'there are .*/x\.pth'):
        LocalizationInferencer(str(tmp_path / 'y.pth'))
    with pytest.raises(FileNotFoundError, match=r'there are .*/x\.pth'):
        LocalizationInferencer(str(tmp_path))
    with pytest.raises(ValueError, match='lacks'):
        LocalizationInferencer(config, str(tmp_path / 'x.pth'))
    with pytest.raises(ValueError, match='drei'):
        find(photo, label='dri')
    with pytest.raises(ValueError, match='0 to 3'):
        find(photo, label=4)
    for option, words in (
        (dict(topk=5), '1 to 4'),
        (dict(topk=1.5), '1 to 4'),
        (dict(label=[]), 'names no class'),
        (dict(batch_size=0), 'at least 1, got 0'),
        (dict(batch_size=-1), 'at least 1, got -1'),
        (dict(batch_size=1.5), 'whole number'),
    ):
        with pytest.raises(ValueError, match=words):
            find(photo, **option)
    with pytest.raises(ValueError, match='unreadable'):
        find(photo, unreadable='ignore')
    with pytest.raises(ValueError, match='float32'):
        find(photo.astype(np.float32))
    with pytest.raises(TypeError, match='int'):
        find(3)
    with pytest.raises(FileNotFoundError, match='no image'):
        find(empty)
    with pytest.raises(UnreadableImageError, match='nowhere.jpg'):
        find(str(tmp_path / 'nowhere.jpg'))
    cfg = Config.fromfile(config)
    cfg.test_dataloader.dataset.pipeline[1] = dict(type='ResizeEdge', scale=56)
    with pytest.raises(ValueError, match='LocResizeEdge'):
        LocalizationInferencer(cfg, checkpoint)


def test_objects_of_a_class_in_result_and_picture(files, photo):
    """A random map has many peaks; a valley this shallow tells them apart."""
    whole = LocalizationInferencer(*files, threshold=0.3)(photo, label=0)[0]
    find = LocalizationInferencer(*files, threshold=0.3, valley=0.05)
    several = find(photo, label=0, return_score_maps=True)[0]
    expected, heights = objects_of(several['score_map'], 0.3, valley=0.05)
    stay = suppress(expected, heights)
    assert len(stay) > 1
    boxes = [place['box'] for place in several['locations']]
    assert boxes == expected[stay].tolist()
    assert [place['label'] for place in several['locations']] == [0] * len(
        stay
    )
    assert (several.plot() != whole.plot()).any()


def test_an_image_of_nothing_has_no_box(files, photo, tmp_path):
    """The class that wins here is called '_nothing'."""
    find = LocalizationInferencer(*files, threshold=0.6)
    best, second = find(photo)[0]['pred_scores'].argsort()[::-1][:2]
    names = ['one', 'two', 'three', 'four']
    names[best] = '_nothing'
    find.classes = names
    found = find(photo, show_dir=str(tmp_path))[0]
    assert found['pred_class'] == '_nothing'
    assert found['locations'] == []
    assert found['box'] == [0, 0, 0, 0]
    assert found.plot().ndim == 3
    assert np.array_equal(annotate(photo, found), photo)  # of a video
    names[best], names[second] = 'one', '_nothing'
    found = find(photo, topk=2)[0]
    assert [place['label'] for place in found['locations']] == [best]


def test_the_models_of_this_package_are_listed():
    names = LocalizationInferencer.list_models()
    assert {'spg_tiny_synthetic', 'cam_vgg16_cub'} <= set(names)
    assert 'resnet50_8xb32_in1k' not in names
    assert LocalizationInferencer.list_models('*lite0_folders') == [
        name for name in names if name.endswith('lite0_folders')
    ]


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_a_gpu_that_is_not_there():
    with pytest.raises(ValueError, match="'cuda:0': PyTorch finds no GPU"):
        LocalizationInferencer(device='cuda:0')


def test_a_name_of_two_classes_is_not_guessed():
    with pytest.raises(ValueError, match='number of one: 0, 2'):
        labels_of('crane', ['crane', 'dog', 'crane'], 3)


def test_a_confidence_is_that_of_its_valley(files):
    config, checkpoint = files
    fit = dict(
        features=['a'], mean=[0.0], scale=[1.0], weights=[1.0], bias=0.0
    )
    chosen = dict(threshold=0.4, valley=0.5, confidence=fit)
    content = dict(state_dict={}, meta={META_KEY: chosen})
    source = models.Source(None, checkpoint, content)
    cfg = Config.fromfile(config)
    for valley, confidence in ((None, fit), (0.5, fit), (0.1, None)):
        for threshold in (None, 0.4):
            found = choose_protocol(cfg, source, threshold, None, valley)
            assert found.confidence == confidence
            assert found.valley == (valley or 0.5)
    other = choose_protocol(cfg, source, 0.3, None)
    assert (other.valley, other.confidence) == (None, None)


def test_a_given_threshold_warns_of_nothing(files, monkeypatch):
    told = []
    monkeypatch.setattr(models, 'warn', told.append)
    for threshold in (0.2, 0.35):
        find = LocalizationInferencer(*files, threshold=threshold)
        assert find.protocol.source == 'given'
    assert told == []


def test_an_unknown_class_is_answered_by_names_that_contain_it():
    names = ['torch', 'tench, Tinca tinca', 'trench coat']
    with pytest.raises(ValueError, match="as 'tench, Tinca tinca'$"):
        labels_of('Tench', names, 3)
    with pytest.raises(ValueError, match="'trench coat'"):
        labels_of('trensh', names, 3)
