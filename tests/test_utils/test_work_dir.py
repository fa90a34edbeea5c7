"""A work dir belongs to one training."""

import os
import signal
import sys
from pathlib import Path

import pytest
import torch

from mmspg.utils.work_dir import (
    OccupiedError,
    check_no_other_training,
    checkpoints_in,
    lock_work_dir,
    newest_checkpoint,
)

pytestmark = pytest.mark.filterwarnings('ignore')


def save(folder, *numbers):
    """Whole checkpoints of some epochs."""
    paths = [folder / f'epoch_{number}.pth' for number in numbers]
    for path in paths:
        torch.save(dict(state_dict={}, meta={}), path)
    return [str(path) for path in paths]


@pytest.mark.parametrize(
    'content', [None, b'', b'\n', b'\xff\x00\x01', b'gone/epoch_9.pth']
)
def test_the_newest_whole_checkpoint(tmp_path, content):
    """Whatever `last_checkpoint` is, as long as it names no file."""
    _, second, third = save(tmp_path, 1, 9, 10)
    if content is not None:
        (tmp_path / 'last_checkpoint').write_bytes(content)
    assert newest_checkpoint(str(tmp_path)) == third
    whole = Path(third).read_bytes()
    Path(third).write_bytes(whole[: len(whole) // 2])
    assert newest_checkpoint(str(tmp_path)) == second


def test_the_named_one_comes_first(tmp_path):
    first, _ = save(tmp_path, 1, 2)
    (tmp_path / 'last_checkpoint').write_text(first)
    assert newest_checkpoint(str(tmp_path)) == first


def test_nothing_to_resume_from(tmp_path):
    """A new training begins; but not where there has been one."""
    assert newest_checkpoint(str(tmp_path)) is None
    (tmp_path / 'last_checkpoint').write_text('gone.pth')
    with pytest.raises(ValueError, match=r"'gone\.pth'.*--resume CHECKPOINT"):
        newest_checkpoint(str(tmp_path))
    (tmp_path / 'last_checkpoint').unlink()
    (tmp_path / 'iter_5.pth').write_bytes(b'half')
    with pytest.raises(ValueError, match='no complete checkpoint'):
        newest_checkpoint(str(tmp_path))


def test_nobody_elses_checkpoint_is_replaced(tmp_path):
    used, new, other = (tmp_path / name for name in ('used', 'new', 'other'))
    for folder in (used, new, other):
        folder.mkdir()
    first, second = save(used, 1, 2)
    (elsewhere,) = save(other, 1)
    assert checkpoints_in(str(used)) == {1: first, 2: second}
    check_no_other_training(str(new), None, False)
    check_no_other_training(str(new), first, False)
    check_no_other_training(str(used), first, False)
    check_no_other_training(str(used), second, True)
    for start, changed in ((None, False), (elsewhere, False), (first, True)):
        with pytest.raises(OccupiedError, match=r'epoch_2\.pth.*--work-dir'):
            check_no_other_training(str(used), start, changed)


def in_child(call):
    """The exit status of a fork that calls."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os._exit(call())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_the_lock_ends_with_its_owner(tmp_path):
    def hold(then):
        def call():
            held = lock_work_dir(str(tmp_path))
            then()
            return held is None

        return call

    assert in_child(hold(lambda: os.kill(os.getpid(), signal.SIGKILL))) == -9
    held = lock_work_dir(str(tmp_path))

    def refused():
        with pytest.raises(OccupiedError, match=f'process {os.getppid()} on'):
            lock_work_dir(str(tmp_path))
        return 0

    assert in_child(refused) == 0
    held.close()
    assert in_child(hold(int)) == 0
