"""Make sure that a work dir belongs to one training only."""

import os
import os.path as osp
import re
import socket
from typing import IO

from .checkpoint import read_checkpoint
from .warn import warn

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

__all__ = [
    'OccupiedError',
    'checkpoints_in',
    'check_no_other_training',
    'lock_work_dir',
    'newest_checkpoint',
]

LOCK = '.lock'
NUMBERED = re.compile(r'(?:epoch|iter)_(\d+)\.pth')


class OccupiedError(ValueError):
    """The work dir belongs to another training."""


def lock_work_dir(folder: str) -> IO | None:
    """Lock a work dir for this process.

    The operating system releases the lock when the process ends for any
    reason, or when the file is closed. Child processes do not hold it.

    Args:
        folder (str): The work dir, which must exist.

    Returns:
        IO | None: The file that holds the lock, or None if the disk does not
        support locks.

    Raises:
        OccupiedError: Another process holds the lock.
        OSError: The folder cannot be written to.
    """
    if fcntl is None:
        return None
    file = open(osp.join(folder, LOCK), 'a+', encoding='utf-8')
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        owner = file.read(200).strip()
        file.close()
        raise OccupiedError(
            f'another training is writing to {folder} ({owner}). Wait until '
            'it has ended, or choose another folder with --work-dir DIR.'
        ) from None
    except OSError:  # a network drive without locks
        file.close()
        return None
    file.truncate(0)
    file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
    file.flush()
    return file


def checkpoints_in(folder: str) -> dict[int, str]:
    """Find the checkpoints of epochs or iterations: ``{number: path}``."""
    found = {}
    for name in os.listdir(folder) if osp.isdir(folder) else ():
        match = NUMBERED.fullmatch(name)
        if match:
            found[int(match[1])] = osp.join(folder, name)
    return found


def check_no_other_training(
    folder: str, start: str | None, changed: bool
) -> None:
    """Refuse to overwrite checkpoints that another run wrote.

    Args:
        folder (str): The folder that this run will write checkpoints to.
        start (str, optional): The checkpoint that it resumes from.
        changed (bool): Whether it resumes with other settings.

    Raises:
        OccupiedError: The folder has checkpoints that this run would
            replace. If it resumes with other settings from one of them, only
            the later ones count.
    """
    found = checkpoints_in(folder)
    if start and osp.dirname(osp.abspath(start)) == osp.abspath(folder):
        number = next(
            (n for n, path in found.items() if osp.samefile(path, start)), 0
        )
        found = {
            n: path for n, path in found.items() if changed and n > number
        }
    if found:
        raise OccupiedError(
            f'{folder} has checkpoints of another training '
            f'({osp.basename(found[max(found)])}), which this one would '
            'replace. Continue that training with --resume, choose another '
            'folder with --work-dir DIR, or remove the checkpoints.'
        )


def newest_checkpoint(folder: str) -> str | None:
    """Find the checkpoint that an interrupted training resumes from.

    It is the one that ``last_checkpoint`` names. If this file is missing or
    empty, or names a missing file, it is the newest complete checkpoint, and
    a warning is given.

    Args:
        folder (str): The work dir.

    Returns:
        str | None: The path, or None if there has never been a checkpoint.

    Raises:
        ValueError: ``last_checkpoint`` names a missing file and there is no
            other checkpoint, or no checkpoint can be read.
    """
    pointer = osp.join(folder, 'last_checkpoint')
    named = None
    if osp.isfile(pointer):
        with open(pointer, 'rb') as file:
            named = file.read(4096).decode('utf-8', 'replace').strip()
        usable = named and named.isprintable()
        if usable and ('://' in named or osp.isfile(named)):
            return named
    found = checkpoints_in(folder)
    if named is None and not found:
        return None
    for _, path in sorted(found.items(), reverse=True):
        try:
            read_checkpoint(path)
        except ValueError as error:
            warn(f'cannot resume from: {error}')
            continue
        what = 'is missing' if named is None else f'names {named[:200]!r}'
        warn(
            f'{pointer} {what}, so the newest complete checkpoint is used: '
            f'{path}'
        )
        return path
    raise ValueError(
        f'{pointer} '
        + ('is missing' if named is None else f'names {named[:200]!r}')
        + ', and there is no complete checkpoint beside it. Give one with '
        '--resume CHECKPOINT, or start again in another folder with '
        '--work-dir DIR.'
    )
