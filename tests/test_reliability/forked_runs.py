"""Run the tools in a child that may be killed, without a new import."""

import os
import runpy
import signal
import sys
from pathlib import Path

import torch
from forked import Outcome, needs_fork, start, wait

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs' / 'spg_tiny_synthetic.py'
__all__ = ['Outcome', 'needs_fork', 'start', 'wait']  # for the tests here
TINY = {
    'train_dataloader.dataset.num_images': 12,
    'train_dataloader.batch_size': 4,
    'train_cfg.max_epochs': 3,
    'default_hooks.logger.interval': 1,
    'default_hooks.visualization.enable': False,
}


def tool(name, args, prepare=None):
    """What a child does to run a tool as from the command line."""
    if prepare:
        prepare()
    sys.argv = [name, *map(str, args)]
    os.chdir(ROOT)
    runpy.run_path(str(ROOT / name), run_name='__main__')


def training(work_dir, *args, options=None, config=CONFIG):
    """Arguments of a training of seconds."""
    options = {**TINY, **(options or {})}
    if config != CONFIG:  # its data are not drawn, and it says how many
        del options['train_dataloader.dataset.num_images']
    pairs = [f'{key}={value}' for key, value in options.items()]
    return [
        config,
        '--work-dir',
        work_dir,
        '--no-validate',
        *args,
        '--cfg-options',
        *pairs,
    ]


def train(work_dir, *args, prepare=None, options=None, config=CONFIG):
    """Train in a child to its end, whatever that is."""
    work_dir = Path(work_dir)
    work_dir.parent.mkdir(parents=True, exist_ok=True)
    log = work_dir.with_name(f'{work_dir.name}.out')
    child = start(
        log,
        tool,
        'tools/train.py',
        training(work_dir, *args, options=options, config=config),
        prepare,
    )
    return wait(child, log)


def evaluate(work_dir, checkpoint, *args, options=None, prepare=None):
    """Test a checkpoint in a child."""
    work_dir = Path(work_dir)
    log = work_dir.with_name(f'{work_dir.name}.out')
    pairs = {
        'test_dataloader.dataset.num_images': 4,
        'default_hooks.visualization.enable': False,
        **(options or {}),
    }
    arguments = [
        CONFIG,
        checkpoint,
        '--work-dir',
        work_dir,
        *args,
        '--cfg-options',
        *(f'{key}={value}' for key, value in pairs.items()),
    ]
    child = start(log, tool, 'tools/test.py', arguments, prepare)
    return wait(child, log)


def killed(outcome):
    """Whether a child was ended by SIGKILL."""
    return outcome.code == -signal.SIGKILL


def state_of(path):
    """All that decides how a training goes on: weights and optimizer."""
    found = torch.load(path, weights_only=True)
    slots = found['optimizer']['state']
    momenta = [v for slot in slots.values() for v in slot.values()]
    return [*found['state_dict'].values(), *momenta]


def same_bits(one, other):
    """Whether two checkpoints hold the same numbers, bit for bit."""
    one, other = state_of(one), state_of(other)
    return len(one) == len(other) and all(
        torch.equal(a, b) for a, b in zip(one, other, strict=True)
    )
