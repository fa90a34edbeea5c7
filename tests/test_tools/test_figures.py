"""Fig. 3, Fig. 4 and its hook: what is drawn where, on whole files."""

import runpy
import sys

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from mmpretrain import get_model
from mmpretrain.registry import DATASETS
from mmpretrain.structures import DataSample

from mmspg.engine.hooks import GuidanceVisualizationHook
from mmspg.visualization import LocalizationVisualizer
from mmspg.visualization.fig4 import (
    draw_fig4,
    guidance_stages,
    lay_stage,
    paint_stage,
)

pytestmark = pytest.mark.filterwarnings('ignore')


@pytest.fixture(scope='module')
def batch(files):
    cfg = Config.fromfile(files[0])
    cfg.val_dataloader.dataset.num_images = 3
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    return pseudo_collate([dataset[i] for i in range(3)])


def test_stages_are_the_heads(files, batch):
    """What is drawn is what supervises, laid on the 64 x 64 image."""
    model = get_model(files[0], files[1]).train()
    stages = guidance_stages(model, batch)
    assert model.training
    model.eval()
    with torch.no_grad():
        data = model.data_preprocessor(batch, False)
        feats = model.extract_feat(data['inputs'])
        labels = torch.cat([s.gt_label for s in batch['data_samples']])
        made = model.head.guide(feats, labels, 56)
    for i, stage in enumerate(stages):
        assert list(stage) == ['attention', 'mask_a', 'b2', 'b1', 'c']
        assert {s.shape for s in stage.values()} == {(64, 64)}
        mask = made['mask_a'][i].numpy()
        at = ((np.arange(64) + 0.5) * 56 / 64).astype(int)
        assert (stage['mask_a'] == mask[np.ix_(at, at)]).mean() > 0.99
        for name in ('b2', 'b1', 'c'):
            resized = cv2.resize(made[name][i].sigmoid().numpy(), (64, 64))
            assert np.abs(stage[name] - resized).max() < 0.02


def test_a_crop_is_laid_where_it_was():
    """The centre half of a 40 x 20 image, which the input enlarges."""
    sample = DataSample()
    sample.set_metainfo(
        dict(
            ori_shape=(20, 40),
            img_shape=(20, 40),
            homography=np.array([[2.0, 0, -20], [0, 2, -10], [0, 0, 1]]),
        )
    )
    columns = np.tile(np.repeat(np.arange(4.0), 10), (20, 1))
    laid = lay_stage(columns.astype(np.float32), sample)
    inside = np.zeros((20, 40), bool)
    inside[5:15, 10:30] = True
    assert (np.isfinite(laid) == inside).all()
    assert laid[10, [12, 17, 22, 27]] == pytest.approx([0, 1, 2, 3])
    mask = np.ones((20, 40), np.uint8)
    assert ((lay_stage(mask, sample) == 1) == inside).all()


def test_masks_are_black_white_and_grey():
    painted = paint_stage(np.array([[0, 1, 255]], np.uint8), 'jet')
    assert painted[0].tolist() == [[0] * 3, [255] * 3, [128] * 3]


def test_figures_tool(root, files, tmp_path, monkeypatch):
    """Sheets as PNG and PDF, from files and from the test set."""
    image = np.random.default_rng(0).integers(0, 255, (30, 90, 3), np.uint8)
    cv2.imwrite(str(tmp_path / '$a_1$.png'), image)
    tool = str(root / 'tools' / 'visualization' / 'figures.py')
    given = str(tmp_path / '$a_1$.png')
    argv = [tool, *files, '--out', str(tmp_path), given]
    monkeypatch.setattr(sys, 'argv', argv)
    runpy.run_path(tool, run_name='__main__')
    for name in ('fig3', 'fig4'):
        picture = cv2.imread(str(tmp_path / f'{name}.png'))
        assert picture.std() > 20
        # A white margin: nothing is cut off at the edge.
        for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
            assert (edge > 250).all()
        assert (tmp_path / f'{name}.pdf').read_bytes()[:5] == b'%PDF-'


def test_names_are_not_read_as_mathematics(files, batch):
    stages = guidance_stages(get_model(files[0], files[1]), batch)
    images = [np.zeros((64, 64, 3), np.uint8)] * 3
    page = draw_fig4(images, stages, names=['$x_1', 'a' * 200, '$\\frac$'])
    page.draw_without_rendering()


class Backend:
    """A visualization backend that keeps what it is given."""

    def __init__(self):
        self.images = []

    def add_image(self, name, image, step=0, **kwargs):
        self.images.append((name, image, step))

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def test_hook_draws_every_epoch_and_disturbs_nothing(files, tmp_path):
    def train(hooks):
        cfg = Config.fromfile(files[0])
        cfg.work_dir = str(tmp_path / str(len(hooks)))
        cfg.train_dataloader.dataset.num_images = 20
        cfg.val_dataloader.dataset.num_images = 4
        cfg.train_dataloader.batch_size = 10
        cfg.train_cfg.update(max_epochs=2, val_interval=9)
        cfg.custom_hooks = [*cfg.custom_hooks, *hooks]
        cfg.default_hooks.checkpoint = None
        cfg.default_hooks.visualization.enable = False
        cfg.visualizer.update(name=str(tmp_path / str(len(hooks))))
        cfg.experiment_name = f'hook{len(hooks)}'
        runner = Runner.from_cfg(cfg)
        backend = Backend()
        runner.visualizer._vis_backends = {'kept': backend}
        runner.train()
        return backend.images, runner.model.state_dict()

    hook = dict(type='mmspg.GuidanceVisualizationHook', indices=(0, 2))
    images, with_hook = train([hook])
    assert [(name, step) for name, _, step in images] == [
        ('guidance', 1),
        ('guidance', 2),
    ]
    assert images[0][1].shape == images[1][1].shape
    assert (images[0][1] != images[1][1]).any()
    _, without = train([])
    for key, value in without.items():
        assert torch.equal(value, with_hook[key]), key


def test_hook_refuses_images_that_are_not_there():
    class Run:
        val_loop = True

        class val_dataloader:  # noqa: N801
            dataset = [0, 1]

    with pytest.raises(ValueError, match='0 to 1'):
        GuidanceVisualizationHook(indices=(5,)).before_train(Run)
    Run.val_loop = None
    with pytest.raises(ValueError, match='without --no-validate'):
        GuidanceVisualizationHook(indices=(0,)).before_train(Run)


def test_tensorboard_shows_the_pictures(files, tmp_path):
    event = pytest.importorskip(
        'tensorboard.backend.event_processing.event_accumulator'
    )
    visualizer = LocalizationVisualizer(
        vis_backends=[dict(type='TensorboardVisBackend')],
        save_dir=str(tmp_path),
    )
    model = get_model(files[0], files[1])
    data = Config.fromfile(files[0]).test_dataloader.dataset
    data.num_images = 1
    batch = pseudo_collate([DATASETS.build(data)[0]])
    with torch.no_grad():
        (sample,) = model.test_step(batch)
    image = np.zeros((64, 64, 3), np.uint8)
    visualizer.visualize_localization(image, sample, name='val', step=7)
    visualizer.close()
    (folder,) = {path.parent for path in tmp_path.rglob('events*')}
    events = event.EventAccumulator(str(folder)).Reload()
    assert [e.step for e in events.Images('val')] == [7]
