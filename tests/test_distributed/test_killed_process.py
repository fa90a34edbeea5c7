"""A process that dies ends its whole job, which can be resumed."""

import os
import signal

import pytest
from forked_runs import CONFIG, TINY, killed, needs_fork, same_bits
from jobs import run_job, succeed

fcntl = pytest.importorskip('fcntl')
pytestmark = needs_fork


def train(folder, *args, prepare=None, **options):
    """Two processes on the embedded data set, with dropout and crops."""
    return run_job(
        folder,
        2,
        'tools/train.py',
        [CONFIG, '--work-dir', folder / 'run', '--no-validate', *args],
        {**TINY, 'train_dataloader.batch_size': 2, **options},
        prepare,
    )


def at_iteration(number, call):
    """Let process 1 do something after an iteration."""
    from mmspg.engine.hooks import LossCheckHook

    check = LossCheckHook.after_train_iter

    def after_train_iter(self, runner, *args, **kwargs):
        check(self, runner, *args, **kwargs)
        if os.environ['RANK'] == '1' and runner.iter == number:
            call()

    LossCheckHook.after_train_iter = after_train_iter


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def assert_says_what_to_do(outcome, go_on='--resume'):
    assert outcome.code == 1, outcome.output
    last = outcome.output.strip().splitlines()[-1]
    for part in ('lost one another', 'Root Cause', go_on):
        assert part in last


def test_a_killed_process_ends_the_job_which_can_be_resumed(tmp_path):
    """In the second of three epochs of three iterations."""
    folder, other = tmp_path / 'broken', tmp_path / 'unbroken'
    left, dead = train(folder, prepare=lambda _: at_iteration(4, die))
    assert killed(dead)
    assert_says_what_to_do(left)
    assert not (folder / 'run' / 'epoch_2.pth').exists()
    succeed(train(folder, '--resume'))
    succeed(train(other))
    last = 'run/epoch_3.pth'
    assert same_bits(folder / last, other / last)


@pytest.mark.slow
def test_a_process_that_hangs_ends_the_job_after_the_timeout(tmp_path):
    """Its connections stay open, so only the timeout tells."""
    lock = tmp_path / 'held by process 0 while it lives'

    def prepare(rank):
        file = os.open(lock, os.O_CREAT)
        if rank == 0:
            fcntl.flock(file, fcntl.LOCK_EX)

        def hang():
            fcntl.flock(file, fcntl.LOCK_EX)
            die()

        at_iteration(4, hang)

    left, _ = train(
        tmp_path, prepare=prepare, **{'env_cfg.dist_cfg.timeout': 20}
    )
    assert 'Timed out' in left.output
    assert_says_what_to_do(left)


@pytest.mark.parametrize(
    'tool',
    [
        'tools/test.py',
        pytest.param(
            'tools/analysis_tools/sweep_threshold.py', marks=pytest.mark.slow
        ),
    ],
)
def test_tests_and_sweeps_say_it_too(tmp_path, files, tool):
    """Process 1 dies at its second batch; process 0 waits for its figures."""

    def prepare(rank):
        from mmspg.evaluation.metrics import LocalizationMetric

        process, calls = LocalizationMetric.process, []

        def process_or_die(self, *args, **kwargs):
            calls.append(0)
            if rank == 1 and len(calls) == 2:
                die()
            return process(self, *args, **kwargs)

        LocalizationMetric.process = process_or_die

    options = {
        f'{split}_dataloader.{key}': value
        for split in ('val', 'test')
        for key, value in {'batch_size': 1, 'dataset.num_images': 6}.items()
    }
    left, dead = run_job(
        tmp_path,
        2,
        tool,
        [*files, '--work-dir', tmp_path / 'run'],
        {
            **options,
            'default_hooks.visualization.enable': False,
            'custom_hooks': '[]',  # the network's classes have other names
        },
        prepare,
    )
    assert killed(dead)
    assert_says_what_to_do(left, 'same command again')
