"""Say what to do about an error that has ended a run."""

import errno
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_exc
from urllib.error import URLError

from mmengine.logging import MMLogger

from mmspg.datasets.annotations.faults import DataError

from .noise import hide_on_terminal

__all__ = ['AGAIN', 'ending_with_remedy', 'remedy_for']

CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
GO_ON = (
    'Then give the same command with --resume: it goes on from the last '
    'checkpoint and ends with the weights of a run that never stopped.'
)


AGAIN = 'Then give the same command again.'  # of what cannot be resumed
ENDED = re.compile('It has ended early')


@contextmanager
def ending_with_remedy(
    prog: str, work_dir: str, go_on: str = GO_ON
) -> Iterator[None]:
    """End a program by what to do, where the error is known to have a remedy.

    Where it happened is for the log file, what to do for the terminal.

    Args:
        prog (str): Name of the program.
        work_dir (str): Its work dir, for the message.
        go_on (str): How it goes on afterwards, a sentence.

    Raises:
        SystemExit: The error has a remedy.
        Exception: It has none, and is left as it is.
    """
    try:
        yield
    except Exception as error:
        remedy = remedy_for(error, go_on)
        if remedy is None:
            raise
        logger = MMLogger.get_current_instance()
        hide_on_terminal(logger, ENDED.match)
        logger.error(f'It has ended early.\n{format_exc()}')
        sys.exit(f'{prog}: {work_dir}: {error}\n{remedy}')


def remedy_for(error: BaseException, go_on: str = GO_ON) -> str | None:
    """Say what to do about an error that can end a sound training.

    Args:
        error (BaseException): The error that ended the run.
        go_on (str): How the program goes on afterwards, a sentence.

    Returns:
        str | None: What helps, or None if the error is of another kind.
    """
    if isinstance(error, DataError):
        return 'tools/misc/check_dataset.py CONFIG lists all that is wrong.'
    text = str(error)
    if 'DataLoader worker' in text and (
        'killed by signal' in text or 'exited unexpectedly' in text
    ):
        return (
            'A process that loads images has died. Most often the system '
            'ended it for want of memory (dmesg tells): lower '
            'train_dataloader.num_workers or batch_size by --cfg-options, or '
            f'give a container more shared memory. {go_on}'
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return f'Free some space on the disk of the work dir. {go_on}'
    if isinstance(error, PermissionError) or (
        isinstance(error, OSError) and error.errno in CLOSED
    ):
        return 'Choose a folder that you may write to: --work-dir DIR'
    if isinstance(error, URLError):
        return (
            'There is no network, or the address is wrong. Weights in a file '
            'need none: --pretrained FILE'
        )
    if _lost_a_process(error):
        return (
            'The processes of this job have lost one another: one has died, '
            'hangs or cannot be reached, and that one is the cause, not this. '
            'The launcher names it ("Root Cause"; exitcode -9: killed, most '
            'often for want of memory), and its own last lines say more. '
            f'{go_on}'
        )
    if isinstance(error, FloatingPointError):
        return (
            'Checkpoints hold finite weights only. Give the same command '
            'with --resume and what was advised above.'
        )
    if 'UnreadableImageError' in f'{type(error).__name__} {text}':
        return (
            'Mend the file, or train without it: --cfg-options '
            'train_dataloader.dataset.broken_images=replace takes the next '
            f'image instead, and lists it in the log. {go_on}'
        )
    return None


def _lost_a_process(error: BaseException) -> bool:
    """Whether a collective failed, by NCCL's errors or by gloo's words."""
    if any(cls.__name__ == 'DistError' for cls in type(error).__mro__):
        return True
    words = ('closed by peer', 'reset by peer', 'Timed out waiting', 'gloo')
    return isinstance(error, RuntimeError) and any(
        word in str(error) for word in words
    )
