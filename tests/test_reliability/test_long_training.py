"""Thousands of iterations take no more memory than hundreds."""

import gc
import os
import warnings
from pathlib import Path

import pytest
import torch
from forked_runs import needs_fork, train

pytestmark = [needs_fork, pytest.mark.slow]
PAGE = os.sysconf('SC_PAGE_SIZE') if hasattr(os, 'sysconf') else 4096
EPOCHS, ITERATIONS = 20, 100


@pytest.mark.skipif(
    not Path('/proc/self/statm').exists(), reason='reads /proc'
)
def test_two_thousand_iterations(tmp_path):
    """With checkpoints, logs and the hooks of every training."""
    log = tmp_path / 'memory'

    def prepare():
        from mmspg.engine.hooks import EpochSeedHook

        seed = EpochSeedHook.before_train_epoch

        def before_train_epoch(self, runner):
            seed(self, runner)
            # MMEngine formats the config for every checkpoint by yapf, whose
            # trees are cycles: without this a saw of some 15 MiB.
            gc.collect()
            pages = Path('/proc/self/statm').read_text().split()[1]
            with open(log, 'a') as file:
                file.write(f'{int(pages) * PAGE} {live_tensors()}\n')

        EpochSeedHook.before_train_epoch = before_train_epoch

    outcome = train(
        tmp_path / 'run',
        prepare=prepare,
        options={
            'train_cfg.max_epochs': EPOCHS,
            'train_dataloader.batch_size': 1,
            'train_dataloader.dataset.num_images': ITERATIONS,
            'train_dataloader.dataset.side': 32,
            'train_dataloader.dataset.pipeline.1.crop_size': 32,
            'model.head.guidance_size': 32,
            'model.backbone.channels': '(8,8,8,8,8)',
            'model.neck.in_channels': '(8,8,8)',
            'model.neck.a3_channels': '(8,8)',
            'model.neck.b_channels': 8,
            'model.neck.c_channels': '(8,8)',
            'model.head.in_channels': 8,
            'default_hooks.logger.interval': 10,
        },
    )
    assert outcome.code == 0, outcome.output
    lines = [line.split() for line in log.read_text().splitlines()]
    used, tensors = zip(*((int(a), int(b)) for a, b in lines), strict=True)
    assert len(used) == EPOCHS
    assert tensors[-1] == tensors[EPOCHS // 4]
    settled, end = used[EPOCHS // 4], used[-1]
    print(f'{settled >> 10} KiB, {end >> 10} KiB 1,400 iterations later')
    # MMEngine's histories take 1 to 3 KiB an iteration as they are copied
    # from place to place; the input alone is 12.
    assert end - settled < 8 * 2**20, [u >> 10 for u in used]


def live_tensors():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of what objects say when asked
        return sum(isinstance(o, torch.Tensor) for o in gc.get_objects())
