"""A training killed at any moment goes on as if nothing had happened."""

import builtins
import os
import random
import signal
import time

import pytest
import torch
from forked_runs import (
    Outcome,
    killed,
    needs_fork,
    same_bits,
    start,
    state_of,
    tool,
    train,
    training,
    wait,
)

pytestmark = needs_fork

# What one checkpoint does to the disk, in this order; see `count_down`.
STEPS = (
    'half of the checkpoint',
    'checkpoint written, not synced',
    'checkpoint under its unfinished name',
    'checkpoint there, its folder not synced',
    'half of last_checkpoint',
    'last_checkpoint written, not synced',
    'last_checkpoint under its unfinished name',
    'last_checkpoint there, its folder not synced',
)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def count_down(number):
    """Die at one of the steps of writing files, counted from the start."""
    from mmspg.utils import atomic

    left = [number]

    def step():
        left[0] -= 1
        if left[0] < 0:
            die()

    class Halves:
        def __init__(self, *args):
            self.file = builtins.open(*args)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, content):
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            step()
            self.file.write(content[len(content) // 2 :])

        def __getattr__(self, name):
            return getattr(self.file, name)

    class Steps:
        def __getattr__(self, name):
            def call(*args):
                step()
                return getattr(os, name)(*args)

            return call if name in ('fsync', 'replace') else getattr(os, name)

    atomic.os = Steps()
    atomic.open = Halves


def die_at_iteration(number):
    from mmspg.engine.hooks import LossCheckHook

    check = LossCheckHook.after_train_iter

    def after_train_iter(self, runner, *args, **kwargs):
        check(self, runner, *args, **kwargs)
        if runner.iter == number:
            die()

    LossCheckHook.after_train_iter = after_train_iter


def assert_goes_on(work_dir, unbroken, min_epoch):
    """The last checkpoint is whole; with it, the run ends as unbroken."""
    pointer = work_dir / 'last_checkpoint'
    if min_epoch:
        assert torch.load(pointer.read_text(), weights_only=True)
        epoch = int(pointer.read_text().split('_')[-1].removesuffix('.pth'))
        assert epoch >= min_epoch
    again = train(work_dir, '--resume')
    assert again.code == 0, again.output
    assert same_bits(work_dir / 'epoch_3.pth', unbroken / 'epoch_3.pth')
    assert not list(work_dir.glob('*.unfinished'))


@pytest.mark.parametrize(
    'step', [pytest.param(i, marks=pytest.mark.slow) for i in range(8)] + [8]
)
def test_killed_while_a_checkpoint_is_written(tmp_path, unbroken, step):
    """In the second epoch, at each step; 8 is in the third's beginning."""
    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=lambda: count_down(len(STEPS) + step))
    assert killed(outcome), outcome.output
    # From its seventh step on the second epoch is what counts.
    assert_goes_on(work_dir, unbroken, 1 if step < 7 else 2)


def test_killed_before_the_first_checkpoint_is_there(tmp_path, unbroken):
    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=lambda: count_down(0))
    assert killed(outcome), outcome.output
    assert not (work_dir / 'last_checkpoint').exists()
    assert not list(work_dir.glob('*.pth'))
    assert_goes_on(work_dir, unbroken, 0)


def test_killed_between_iterations_more_than_once(tmp_path, unbroken):
    """In the middle of epochs 2 and 3, with another start in between."""
    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=lambda: die_at_iteration(4))
    assert killed(outcome), outcome.output
    outcome = train(work_dir, '--resume', prepare=lambda: die_at_iteration(7))
    assert killed(outcome), outcome.output
    assert_goes_on(work_dir, unbroken, 2)


@pytest.mark.slow
@pytest.mark.parametrize('workers', [0, 2])
def test_killed_by_the_clock(tmp_path, workers):
    """Whenever it comes, again and again, until the training is through."""
    options = {
        'train_dataloader.num_workers': workers,
        'train_dataloader.dataset.num_images': 40,
    }
    began = time.monotonic()
    straight = train(tmp_path / 'straight', options=options)
    assert straight.code == 0, straight.output
    # Half of what the whole takes: a faster machine is killed sooner.
    longest = (time.monotonic() - began) / 2
    work_dir, log = tmp_path / 'run', tmp_path / 'run.out'
    kills, dice = 0, random.Random(workers)
    outcome = Outcome(1, '')
    while outcome.code:
        arguments = training(work_dir, '--resume', options=options)
        child = start(log, tool, 'tools/train.py', arguments)
        if kills < 5:
            signal_after(child, dice.uniform(0, longest))
        outcome = wait(child, log)
        assert outcome.code == 0 or killed(outcome), outcome.output
        kills += killed(outcome)
    assert kills
    assert same_bits(
        work_dir / 'epoch_3.pth', tmp_path / 'straight' / 'epoch_3.pth'
    )


def signal_after(child, seconds):
    """Kill the child then, unless it has ended before."""
    old = signal.signal(signal.SIGALRM, lambda *_: os.kill(child, 9))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


@pytest.mark.parametrize('keep', [1, pytest.param(2, marks=pytest.mark.slow)])
def test_mmengines_own_hook_loses_what_ours_keeps(tmp_path, keep):
    """What the hook is for; were this to fail, it could go."""

    def die_in_put():
        from mmengine.fileio import LocalBackend

        put = LocalBackend.put

        def half(self, content, path):
            if 'epoch_2' not in str(path):
                return put(self, content, path)
            put(self, content[: len(content) // 2], path)
            die()

        LocalBackend.put = half

    options = {
        'default_hooks.checkpoint.type': 'CheckpointHook',
        'default_hooks.checkpoint.max_keep_ckpts': keep,
    }
    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=die_in_put, options=options)
    assert killed(outcome), outcome.output
    half = work_dir / 'epoch_2.pth'
    with pytest.raises(Exception, match='.'):
        torch.load(half, weights_only=True)
    if keep == 1:
        assert not os.path.exists((work_dir / 'last_checkpoint').read_text())


def test_with_one_checkpoint_kept_there_is_always_one(tmp_path, unbroken):
    options = {'default_hooks.checkpoint.max_keep_ckpts': 1}
    work_dir = tmp_path / 'run'
    outcome = train(
        work_dir, options=options, prepare=lambda: count_down(len(STEPS) + 1)
    )
    assert killed(outcome), outcome.output
    assert sorted(p.name for p in work_dir.glob('*.pth')) == ['epoch_1.pth']
    assert state_of((work_dir / 'last_checkpoint').read_text())
    again = train(work_dir, '--resume', options=options)
    assert again.code == 0, again.output
    assert sorted(p.name for p in work_dir.glob('*.pth')) == ['epoch_3.pth']
    assert same_bits(work_dir / 'epoch_3.pth', unbroken / 'epoch_3.pth')


def test_half_a_checkpoint_is_named_and_the_way_out_given(tmp_path, unbroken):
    """One that something else has cut short, a copy over a network say."""
    half = tmp_path / 'epoch_9.pth'
    whole = (unbroken / 'epoch_3.pth').read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    outcome = train(tmp_path / 'run', '--resume', half)
    assert outcome.code == 1
    last = outcome.output.strip().splitlines()[-1]
    for part in (str(half), 'cut short', '--resume FILE'):
        assert part in last


@pytest.mark.parametrize('lacking', ['optimizer', 'param_schedulers'])
def test_no_other_training_goes_on(tmp_path, unbroken, lacking):
    """MMEngine would go on silently, at another lr."""
    found = torch.load(unbroken / 'epoch_2.pth', weights_only=True)
    del found[lacking]
    path = tmp_path / 'epoch_2.pth'
    torch.save(found, path)
    outcome = train(tmp_path / 'run', '--resume', path)
    assert outcome.code == 1
    last = outcome.output.strip().splitlines()[-1]
    for part in (str(path), f'holds no {lacking}', f'load_from={path}'):
        assert part in last
    # Its weights may begin a new one.
    outcome = train(tmp_path / 'run', options={'load_from': path})
    assert outcome.code == 0, outcome.output


def test_a_work_dir_belongs_to_one_training(tmp_path, unbroken):
    """Of the past, and of this moment."""
    from mmspg.utils.work_dir import lock_work_dir

    work_dir = tmp_path / 'run'
    work_dir.mkdir()
    with lock_work_dir(str(work_dir)):
        outcome = train(work_dir)
        assert outcome.code == 1
        assert 'another training is writing to' in outcome.output
        assert '--work-dir DIR' in outcome.output.splitlines()[-1]
    assert not list(work_dir.glob('*.pth'))
    other = (unbroken / 'epoch_3.pth').read_bytes()
    (work_dir / 'epoch_2.pth').write_bytes(other)
    outcome = train(work_dir)
    assert outcome.code == 1
    assert 'checkpoints of another training' in outcome.output.splitlines()[-1]
    assert (work_dir / 'epoch_2.pth').read_bytes() == other


def test_a_lost_pointer_loses_no_checkpoint(tmp_path, unbroken):
    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=lambda: die_at_iteration(7))
    assert killed(outcome), outcome.output
    (work_dir / 'last_checkpoint').write_bytes(b'')
    assert_goes_on(work_dir, unbroken, 0)
