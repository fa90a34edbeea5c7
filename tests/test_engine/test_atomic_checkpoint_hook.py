"""A checkpoint carries what its boxes need, once it has been validated."""

import logging

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmspg.evaluation.choices import (
    weights_digest,
)
from mmspg.utils.carried_config import parse_config

CHECKPOINT = 'default_hooks.checkpoint'


class Figures(Hook):
    """Keeps what each validation has found."""

    def __init__(self):
        self.found = []

    def after_val_epoch(self, runner, metrics=None):
        self.found.append(dict(metrics))


@pytest.fixture
def train(root, tmp_path):
    def train(**options):
        cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
        cfg.work_dir = str(tmp_path)
        cfg.train_dataloader.dataset.num_images = 8
        cfg.train_dataloader.batch_size = 4
        cfg.val_dataloader.dataset.num_images = 6
        cfg.train_cfg.update(max_epochs=2, val_interval=1)
        cfg.default_hooks.visualization.enable = False
        cfg.merge_from_dict(options)
        runner = Runner.from_cfg(cfg)
        figures = Figures()
        runner.register_hook(figures)
        runner.train()
        return figures.found, tmp_path

    return train


def read(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize('ema', [False, True])
def test_each_validated_checkpoint_has_its_own_threshold(train, ema):
    """Also that of `save_best`, and of an average of the weights."""
    options = {f'{CHECKPOINT}.save_best': 'loc/gt_known_acc'}
    if ema:
        options['custom_hooks'] = [dict(type='EMAHook')]
    figures, folder = train(**options)
    for epoch, found in enumerate(figures, 1):
        checkpoint = read(folder / f'epoch_{epoch}.pth')
        carried = checkpoint['meta']['localization']
        assert carried['threshold'] == found['loc/threshold']
        assert carried['kind'] == 'validated'
        assert carried['chosen_on'] == 'SyntheticLoc val, 6 images'
        assert carried['value'] == found['loc/gt_known_acc']
        model = parse_config(checkpoint['meta']['cfg'])['model']
        chosen = model['head'].get('score_map_source', 'attention')
        assert carried['map_source'] == chosen
        assert carried['input_size'] == 56
        assert carried['rule'] == 'largest_area'
        assert carried['weights'] == weights_digest(checkpoint['state_dict'])
        assert len(checkpoint['meta']['dataset_meta']['classes']) == 4
        assert checkpoint['optimizer']['state']
        assert checkpoint['meta']['epoch'] == epoch
        assert checkpoint['meta']['iter'] == 2 * epoch
    (best,) = folder.glob('best*.pth')
    best = read(best)
    carried = best['meta']['localization']
    assert carried['weights'] == weights_digest(best['state_dict'])
    scores = [found['loc/gt_known_acc'] for found in figures]
    assert carried['value'] == max(scores)


def test_without_a_validation_of_the_weights_there_is_no_threshold(train):
    """Between validations, by iterations too."""
    _, folder = train(
        **{
            'train_cfg.val_interval': 2,
            f'{CHECKPOINT}.by_epoch': False,
            f'{CHECKPOINT}.max_keep_ckpts': 9,
        }
    )
    has = {
        i: 'threshold'
        in read(folder / f'iter_{i}.pth')['meta']['localization']
        for i in (1, 2, 3, 4)
    }
    assert has == {1: False, 2: False, 3: False, 4: True}


def test_a_validation_without_boxes_says_how_to_choose(train, caplog):
    """Once."""
    logger = logging.getLogger('mmengine')
    propagate, logger.propagate = logger.propagate, True
    try:
        _, folder = train(val_evaluator=dict(type='Accuracy', _delete_=True))
    finally:
        logger.propagate = propagate
    assert (
        'threshold' not in read(folder / 'epoch_2.pth')['meta']['localization']
    )
    text = '\n'.join(p.read_text() for p in folder.glob('*/*.log'))
    assert text.count('sweep_threshold.py CHECKPOINT') == 1


def test_a_validation_without_a_training(root, tmp_path):
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    cfg.work_dir = str(tmp_path)
    cfg.val_dataloader.dataset.num_images = 4
    cfg.default_hooks.visualization.enable = False
    cfg.default_hooks.checkpoint.save_best = 'loc/gt_known_acc'
    assert 'loc/threshold' in Runner.from_cfg(cfg).val()
