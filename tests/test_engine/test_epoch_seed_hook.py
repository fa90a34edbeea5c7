"""A run that is stopped and resumed is the run that never stopped."""

import random

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from mmspg.engine.hooks import EpochSeedHook
from mmspg.engine.hooks.epoch_seed_hook import derive_seed, end_workers
from mmspg.registry import DATASETS, METRICS, MODELS

EPOCHS = 3


@DATASETS.register_module()
class CropsForSeeds(Dataset):
    """Twelve fixed pictures, cropped and flipped by all three dice."""

    metainfo = {}

    def __len__(self):
        return 12

    def __getitem__(self, index):
        image = torch.linspace(0, 1, 100).reshape(1, 10, 10) * (index + 1)
        x, y = np.random.randint(3), int(torch.randint(3, ()))  # noqa: NPY002
        image = image[:, y : y + 8, x : x + 8]
        if random.random() < 0.5:
            image = image.flip(2)
        return {'inputs': image, 'label': index % 3}


@MODELS.register_module()
class NetForSeeds(BaseModel):
    """A network with batch norm and dropout, that draws when tested, too."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Flatten(),
            nn.Linear(4 * 36, 3),
        )

    def forward(self, inputs, label, mode='tensor'):
        scores = self.net(torch.stack(list(inputs)))
        if mode == 'loss':
            label = torch.as_tensor(label)
            return {'loss': nn.functional.cross_entropy(scores, label)}
        torch.rand(3)
        np.random.rand(3)  # noqa: NPY002
        random.random()
        return scores.argmax(1)


@METRICS.register_module()
class CountForSeeds:
    dataset_meta = None

    def process(self, *_):
        pass

    def evaluate(self, size):
        return {'size': size}


CONFIG = """
dataset = dict(type='mmspg.CropsForSeeds')
model = dict(type='mmspg.NetForSeeds')
train_dataloader = dict(
    dataset=dataset,
    sampler=dict(type='DefaultSampler', shuffle=True),
    batch_size=3,
    num_workers=0,
    persistent_workers=False)
val_dataloader = dict(
    dataset=dataset,
    sampler=dict(type='DefaultSampler', shuffle=False),
    batch_size=6)
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=2)
val_cfg = dict()
val_evaluator = dict(type='mmspg.CountForSeeds')
optim_wrapper = dict(optimizer=dict(type='SGD', lr=.05, momentum=.9))
param_scheduler = dict(type='ExponentialLR', gamma=.5)
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
custom_hooks = [dict(type='mmspg.EpochSeedHook')]
default_scope = 'mmpretrain'
log_level = 'ERROR'
"""


def config(work_dir, workers=0, persistent=False, seed=7, hook=True):
    cfg = Config.fromstring(CONFIG, '.py')
    cfg.work_dir = str(work_dir)
    cfg.randomness = {'seed': seed}
    cfg.train_dataloader.num_workers = workers
    cfg.train_dataloader.persistent_workers = persistent
    if not hook:
        cfg.custom_hooks = []
    return cfg


def train(cfg, name, resume_from=None):
    """Train to the end; the weights, and the optimizer's state."""
    cfg.experiment_name = name
    if resume_from:
        cfg.resume, cfg.load_from = True, str(resume_from)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.epoch == EPOCHS
    end_workers(runner.train_loop.dataloader)  # where the hook is not there
    momentum = [
        state['momentum_buffer']
        for state in runner.optim_wrapper.optimizer.state.values()
    ]
    return [*runner.model.state_dict().values(), *momentum]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    'workers, persistent', [(0, False), (2, False), (2, True)]
)
def test_resumed_is_bit_identical(tmp_path, workers, persistent):
    cfg = config(tmp_path, workers, persistent)
    name = f'seeds_{tmp_path.name}'
    straight = train(cfg, f'{name}_straight')
    for epoch in range(1, EPOCHS):
        again = train(
            config(tmp_path / str(epoch), workers, persistent),
            f'{name}_from_{epoch}',
            tmp_path / f'epoch_{epoch}.pth',
        )
        assert same(straight, again), f'resumed after epoch {epoch}'


def test_resumed_without_a_seed_in_the_config(tmp_path):
    """The run's own random seed comes from the checkpoint."""
    straight = train(config(tmp_path, seed=None), f'{tmp_path.name}_none')
    again = train(
        config(tmp_path / 'again', seed=None),
        f'{tmp_path.name}_none_again',
        tmp_path / 'epoch_2.pth',
    )
    assert same(straight, again)


@pytest.mark.parametrize('workers, persistent', [(0, False), (2, True)])
def test_differs_without_the_hook(tmp_path, workers, persistent):
    """What the hook is for; were this to fail, it could go."""
    args = {'workers': workers, 'persistent': persistent, 'hook': False}
    straight = train(config(tmp_path, **args), f'{tmp_path.name}_bare')
    again = train(
        config(tmp_path / 'again', **args),
        f'{tmp_path.name}_bare_again',
        tmp_path / 'epoch_1.pth',
    )
    assert not same(straight, again)


@pytest.mark.parametrize(
    'workers, persistent', [(0, False), (2, False), (2, True)]
)
def test_epochs_draw_different_crops(tmp_path, workers, persistent):
    cfg = config(tmp_path, workers, persistent)
    cfg.train_dataloader.sampler.shuffle = False
    cfg.experiment_name = f'{tmp_path.name}_crops'
    runner = Runner.from_cfg(cfg)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    hook = EpochSeedHook()
    hook.before_train(runner)
    epochs = []
    for epoch in (0, 1, 0):
        runner.train_loop._epoch = epoch
        hook.before_train_epoch(runner)
        epochs.append(
            torch.stack(
                [
                    image
                    for batch in runner.train_loop.dataloader
                    for image in batch['inputs']
                ]
            )
        )
    hook.after_train(runner)
    first, second, again = epochs
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_seeds_differ_and_fit():
    keys = [(s, e, r) for s in range(5) for e in range(20) for r in range(4)]
    seeds = {derive_seed(*key) for key in keys}
    assert len(seeds) == len(keys)
    assert 0 <= min(seeds) <= max(seeds) < 2**31
