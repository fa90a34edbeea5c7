"""Tell what to do about an error that has ended a run."""

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
    'Then run the same command with --resume. It continues from the last '
    'checkpoint, and ends with the weights of an uninterrupted run.'
)


AGAIN = 'Then run the same command again.'  # for what cannot be resumed
ENDED = re.compile('It has ended early')


@contextmanager
def ending_with_remedy(
    prog: str, work_dir: str, go_on: str = GO_ON
) -> Iterator[None]:
    """End a program with a remedy, if the error has one.

    The traceback goes into the log file, and the remedy to the terminal.

    Args:
        prog (str): The name of the program.
        work_dir (str): The work dir, for the message.
        go_on (str): A sentence that tells how to continue afterwards.

    Raises:
        SystemExit: The error has a remedy.
        Exception: The error has no remedy, and is raised again.
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
    """Tell what to do about an error that can end a correct training.

    Args:
        error (BaseException): The error that ended the run.
        go_on (str): A sentence that tells how to continue afterwards.

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
            'A process that loads images has died. Usually the system ends it '
            'because memory is full (see dmesg). With --cfg-options, lower '
            'train_dataloader.num_workers or batch_size. Or '
            f'give the container more shared memory. {go_on}'
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
            'The launcher names it under "Root Cause" (exitcode -9 means '
            'killed, usually because memory was full), and its last lines say '
            'more. '
            f'{go_on}'
        )
    if isinstance(error, FloatingPointError):
        return (
            'Checkpoints contain only finite weights. Run the same command '
            'with --resume and follow the advice above.'
        )
    if 'UnreadableImageError' in f'{type(error).__name__} {text}':
        remedy = 'Repair the file, or remove the image from the data set.'
        if go_on != AGAIN:  # something is trained
            remedy += (
                ' If it is an image to train on, --cfg-options '
                'train_dataloader.dataset.broken_images=replace takes the '
                'next one instead, and the log lists it.'
            )
        return f'{remedy} {go_on}'
    return None


def _lost_a_process(error: BaseException) -> bool:
    """Whether a collective failed, by NCCL's errors or by gloo's words."""
    if any(cls.__name__ == 'DistError' for cls in type(error).__mro__):
        return True
    words = ('closed by peer', 'reset by peer', 'Timed out waiting', 'gloo')
    return isinstance(error, RuntimeError) and any(
        word in str(error) for word in words
    )
