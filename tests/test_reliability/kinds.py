"""Kinds of training that a kill must not change, each of seconds."""

import os
import select
import signal
from pathlib import Path
from typing import NamedTuple

import torch
from forked_runs import CONFIG, TINY, start, tool, wait
from jobs import pairs, start_job

LAST = 'epoch_3.pth'
BY_ITERATIONS = f"""
_base_ = [{str(CONFIG)!r}]
train_cfg = dict(
    _delete_=True, type='IterBasedTrainLoop', max_iters=9, val_interval=3)
train_dataloader = dict(sampler=dict(type='InfiniteSampler'))
param_scheduler = dict(
    _delete_=True, type='CosineAnnealingLR', T_max=9, by_epoch=False)
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=3), logger=dict(interval=1))
log_processor = dict(by_epoch=False)
"""
AVERAGED = f"""
_base_ = [{str(CONFIG)!r}]
custom_hooks = [
    dict(type='mmspg.EpochSeedHook'),
    dict(type='mmspg.LossCheckHook'),
    dict(type='EMAHook', momentum=.1),
]
"""
BEST = {
    'train_cfg.val_interval': 1,
    'val_dataloader.dataset.num_images': 6,
    'default_hooks.checkpoint.save_best': 'loc/gt_known_acc',
}
BF16 = {
    'optim_wrapper.type': 'mmspg.Bfloat16OptimWrapper',
    'optim_wrapper.devices': "('cpu',)",
}


class Kind(NamedTuple):
    """What a training is given beside what all of them are."""

    options: dict = {}
    config: str = ''  # in place of the tiny one
    validate: bool = False
    signal: int = signal.SIGKILL
    processes: int = 1
    last: str = LAST


KINDS = {
    'epochs': Kind(),
    'iterations': Kind(config=BY_ITERATIONS, last='iter_9.pth'),
    'iterations, workers': Kind(
        {'train_dataloader.num_workers': 2}, BY_ITERATIONS, last='iter_9.pth'
    ),
    'workers': Kind({'train_dataloader.num_workers': 2}),
    'EMA': Kind(config=AVERAGED),
    'accumulation': Kind({'optim_wrapper.accumulative_counts': 2}),
    'bfloat16': Kind(BF16),
    'validation and save_best': Kind(BEST, validate=True),
    'SIGTERM': Kind(signal=signal.SIGTERM),
    'SIGINT': Kind(signal=signal.SIGINT),
    'two processes': Kind({'train_dataloader.batch_size': 2}, processes=2),
}


def run(kind, work_dir, *more, after=None, prepare=None, victim=0):
    """Train to the end, or to a signal after so many seconds.

    Gives the outcomes of the processes, and whether the signal came before
    the end.
    """
    work_dir = Path(work_dir)
    config, options = CONFIG, {**TINY, **kind.options}
    if kind.config:
        work_dir.parent.mkdir(parents=True, exist_ok=True)
        config = work_dir.with_name(f'{work_dir.name}.config.py')
        config.write_text(kind.config)
    if kind.last != LAST:
        del options['train_cfg.max_epochs']
    given = [config, '--work-dir', work_dir, *more]
    if not kind.validate:
        given.append('--no-validate')
    if kind.processes > 1:
        folder = work_dir.with_name(f'{work_dir.name}.logs')
        job = start_job(
            folder,
            kind.processes,
            'tools/train.py',
            given,
            options,
            prepare and (lambda rank: prepare()),
        )
    else:
        log = work_dir.with_name(f'{work_dir.name}.out')
        given += ['--cfg-options', *pairs(options)]
        job = [(start(log, tool, 'tools/train.py', given, prepare), log)]
    sent = False
    if after is not None:
        end = os.pidfd_open(job[victim][0])
        if not select.select([end], [], [], after)[0]:
            signal.pidfd_send_signal(end, kind.signal)
            sent = True
        os.close(end)
    return [wait(*both) for both in job], sent


def numbers(node):
    """All tensors and numbers of a checkpoint's part, in order."""
    if isinstance(node, torch.Tensor):
        yield node
    elif isinstance(node, dict):
        for key in node:
            yield from numbers(node[key])
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from numbers(item)
    elif isinstance(node, (int, float)):
        yield torch.tensor(float(node))


def same(one, other):
    """Whether two checkpoints agree in weights, averages and optimizer."""
    parts = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')
    read = [torch.load(path, weights_only=True) for path in (one, other)]
    sides = [list(numbers([c.get(p, {}) for p in parts])) for c in read]
    return len(sides[0]) == len(sides[1]) and all(
        torch.equal(a, b) for a, b in zip(*sides, strict=True)
    )


def best_of(work_dir):
    """Name of the best checkpoint, and its weights."""
    return {
        path.name: torch.load(path, weights_only=True)['state_dict']
        for path in sorted(Path(work_dir).glob('best_*.pth'))
    }
