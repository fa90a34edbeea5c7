"""Which samples are drawn, from which pixels, and under which names."""

from types import SimpleNamespace

import cv2
import mmcv
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.visualization import Visualizer
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from mmspg.engine.hooks import LocalizationVisualizationHook
from mmspg.engine.hooks import localization_visualization_hook as module
from mmspg.engine.hooks.localization_visualization_hook import (
    reported_threshold,
    unwarp,
)
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.visualization import LocalizationVisualizer

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.fixture
def drawn(monkeypatch):
    """What the visualizer was asked to draw."""
    calls = []
    LocalizationVisualizer.get_instance(f'hook_{id(calls)}')
    monkeypatch.setattr(
        LocalizationVisualizer,
        'visualize_localization',
        lambda self, image, sample, **kw: calls.append((image, sample, kw)),
    )
    return calls


def sample_of(index, path, homography=None, input_shape=(24, 32), **meta):
    meta = {
        'sample_idx': index,
        'img_id': f'{index}.png',
        'img_path': str(path),
        'ori_shape': PIXELS.shape[:2],
        'img_shape': input_shape,
        **meta,
    }
    if homography is not None:
        meta['homography'] = np.array(homography, np.float64)
    sample = DataSample(metainfo=meta).set_pred_label(0).set_gt_label(0)
    sample.set_pred_score(torch.tensor([1.0]))
    sample.score_map = torch.eye(4)[None]
    sample.score_map_labels = torch.tensor([0])
    sample.ori_gt_bboxes = torch.tensor([[2.0, 3.0, 20.0, 20.0]])
    return sample


@pytest.fixture
def image_path(tmp_path):
    path = tmp_path / 'image.png'
    mmcv.imwrite(PIXELS[..., ::-1], str(path))
    return path


def batch_of(samples):
    inputs = torch.from_numpy(PIXELS[..., ::-1].copy()).permute(2, 0, 1)
    return {'inputs': [inputs] * len(samples)}


def run(hook, samples, batch_idx=0):
    hook.after_test_iter(None, batch_idx, batch_of(samples), samples)


def test_pictures_in_a_folder(tmp_path, image_path):
    """With the real visualizer: two images of one base name, two files."""
    LocalizationVisualizer.get_instance(f'hook_{tmp_path.name}')
    hook = LocalizationVisualizationHook(
        enable=True, interval=1, out_dir=str(tmp_path / 'out')
    )
    samples = [
        sample_of(0, image_path, img_id='cats/1.png'),
        sample_of(1, image_path, img_id='dogs/1.png'),
    ]
    run(hook, samples)
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    assert names == {'cats+1.png_0.png', 'dogs+1.png_0.png'}


def test_switched_off(drawn, image_path):
    run(LocalizationVisualizationHook(), [sample_of(0, image_path)])
    assert not drawn


def test_interval_counts_samples_not_batches(drawn, image_path):
    """Three batches, the last smaller, of which every fourth is drawn."""
    hook = LocalizationVisualizationHook(enable=True, interval=4)
    for batch_idx, indices in enumerate([range(6), range(6, 12), [12, 13]]):
        run(hook, [sample_of(i, image_path) for i in indices], batch_idx)
    assert [call[1].sample_idx for call in drawn] == [0, 4, 8, 12]


def test_only_the_main_process_draws(drawn, image_path, monkeypatch):
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    monkeypatch.setattr(module, 'is_main_process', lambda: False)
    run(hook, [sample_of(0, image_path)])
    assert not drawn


def test_stored_pixels_in_rgb(drawn, image_path):
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    hook.after_test_iter(None, 0, {'inputs': None}, [sample_of(0, image_path)])
    assert np.array_equal(drawn[0][0], PIXELS)


@pytest.mark.parametrize('what', ['missing', 'broken', 'resized'])
def test_unreadable_image_is_drawn_from_the_input(drawn, tmp_path, what):
    path = tmp_path / 'image.png'
    if what == 'broken':
        path.write_bytes(b'no image')
    if what == 'resized':
        mmcv.imwrite(PIXELS[::2], str(path))
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    run(hook, [sample_of(0, path)])
    assert np.array_equal(drawn[0][0], PIXELS)


def test_nothing_to_draw_from_ends_nothing(drawn, tmp_path):
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    views = {'inputs': [[torch.zeros(3, 8, 8)]]}  # of a test augmentation
    hook.after_test_iter(None, 0, views, [sample_of(0, tmp_path / 'no')])
    assert not drawn


def test_arguments_of_tools_test(drawn, image_path, tmp_path):
    """What tools/test.py sets reaches the visualizer."""
    hook = LocalizationVisualizationHook(
        enable=True,
        interval=1,
        show=True,
        out_dir=str(tmp_path),
        wait_time=2,
        threshold=0.4,
        palette='colour-blind',
    )
    runner = SimpleNamespace(train_loop=None, epoch=0, iter=7)
    hook.after_val_iter(runner, 0, {}, [sample_of(0, image_path)])
    assert drawn[0][2] == {
        'show': True,
        'wait_time': 2,
        'threshold': 0.4,
        'palette': 'colour-blind',
        'rule': 'largest_area',
        'out_file': str(tmp_path / '0.png_7.png'),
        'name': '0.png',
        'step': 7,
    }


def test_threshold_of_the_metric(drawn, image_path):
    hub = MessageHub.get_instance(f'hub_{id(drawn)}')
    assert reported_threshold(0.2) == 0.2
    hub.update_scalar('val/loc/threshold', 0.35)
    hub.update_scalar('val/loc/threshold', 0.55)
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    run(hook, [sample_of(0, image_path)])
    assert drawn[0][2]['threshold'] == 0.55


@pytest.mark.parametrize(
    'metric, expected',
    [
        ({'threshold': 0.7}, ('largest_area', 0.7)),
        ({'rule': 'cam', 'threshold': 0.3}, ('cam', 0.3)),
        (
            {'score_map_steps': ['ivr'], 'threshold': 0.3},
            ('largest_area', 0.3),
        ),
        ({}, ('largest_area', 0.45)),  # of the checkpoint
    ],
)
def test_follows_the_metric_of_a_test(drawn, image_path, metric, expected):
    MessageHub.get_instance(f'hub_{image_path}')
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    hook.after_load_checkpoint(
        None, {'meta': {'localization': {'threshold': 0.45}}}
    )
    evaluator = SimpleNamespace(metrics=[LocalizationMetric(**metric)])
    loop = SimpleNamespace(evaluator=evaluator)
    hook.before_test(SimpleNamespace(test_loop=loop, cfg=Config()))
    run(hook, [sample_of(0, image_path)])
    options = drawn[0][2]
    assert (options['rule'], options['threshold']) == expected
    steps = metric.get('score_map_steps', [])
    assert options['score_map_steps'] == steps


@pytest.mark.parametrize('source, expected', [('attention', 0.2), ('c', 0.5)])
def test_default_is_that_of_the_map(drawn, image_path, source, expected):
    MessageHub.get_instance(f'hub_{image_path}_{source}')
    hook = LocalizationVisualizationHook(enable=True, interval=1)
    cfg = Config(dict(model=dict(head=dict(score_map_source=source))))
    loop = SimpleNamespace(
        evaluator=SimpleNamespace(metrics=[LocalizationMetric()])
    )
    hook.before_test(SimpleNamespace(test_loop=loop, cfg=cfg))
    run(hook, [sample_of(0, image_path)])
    assert drawn[0][2]['threshold'] == expected


def test_rule_with_its_own_threshold(drawn, image_path):
    MessageHub.get_instance(f'hub_{image_path}')
    hook = LocalizationVisualizationHook(enable=True, interval=1, rule='mean')
    hook.after_load_checkpoint(None, {'state_dict': {}})
    run(hook, [sample_of(0, image_path)])
    assert drawn[0][2]['threshold'] == 1.5


@pytest.mark.parametrize('threshold', [-0.1, 'best', None])
def test_bad_threshold(drawn, threshold):
    with pytest.raises(ValueError, match=">= 0 or 'metric'"):
        LocalizationVisualizationHook(threshold=threshold)


def test_bad_input_order(drawn):
    with pytest.raises(ValueError, match="'bgr' and 'rgb'"):
        LocalizationVisualizationHook(input_order='grb')


def test_another_visualizer_cannot_draw(monkeypatch):
    other = UniversalVisualizer(name='other')
    monkeypatch.setattr(Visualizer, 'get_current_instance', lambda: other)
    LocalizationVisualizationHook()  # switched off, it does no harm
    with pytest.raises(TypeError, match='mmspg.LocalizationVisualizer'):
        LocalizationVisualizationHook(enable=True)


@pytest.mark.parametrize('order', ['bgr', 'rgb'])
def test_unwarp_undoes_a_flip_and_a_crop(order):
    """Exact where no pixel is resampled; black where nothing was seen."""
    flipped = PIXELS[2:20, 5:25][:, ::-1]
    flip = [[-1, 0, 25], [0, 1, -2], [0, 0, 1]]
    sample = sample_of(0, '', flip, flipped.shape[:2])
    inputs = flipped[..., ::-1] if order == 'bgr' else flipped
    inputs = torch.from_numpy(inputs.copy()).permute(2, 0, 1)
    expected = np.zeros_like(PIXELS)
    expected[2:20, 5:25] = PIXELS[2:20, 5:25]
    assert np.array_equal(unwarp(inputs, sample, order), expected)


def test_unwarp_undoes_a_resize():
    """A ramp survives being halved, but for its ends."""
    ramp = np.linspace(0, 248, 32).round().astype(np.uint8)
    image = np.tile(ramp[None, :, None], (24, 1, 3))
    half = cv2.resize(image, (16, 12), interpolation=cv2.INTER_AREA)
    inputs = torch.from_numpy(half).permute(2, 0, 1)
    sample = sample_of(0, '', None, (12, 16))
    found = unwarp(inputs, sample)[4:-4, 4:-4].astype(int)
    assert abs(found - image[4:-4, 4:-4]).max() <= 2
