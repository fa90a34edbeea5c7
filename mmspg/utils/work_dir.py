"""A work dir belongs to one training: its lock and its checkpoints."""

import os
import os.path as osp
import re
import socket
from typing import IO

from .warn import warn

try:
    import fcntl
except ImportError:  # Windows has no such locks
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
    """A work dir is another training's."""


def lock_work_dir(folder: str) -> IO | None:
    """Take a work dir for this process.

    The system gives it back when the process ends, however that comes, or
    when the file is closed. Processes that it starts do not hold the lock.

    Args:
        folder (str): The work dir; it is there.

    Returns:
        IO | None: What holds the lock; None where a disk has no locks.

    Raises:
        OccupiedError: Another process has it.
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
            f'another training writes to {folder} at this moment ({owner}). '
            'Wait until it has ended, or choose another folder: --work-dir DIR'
        ) from None
    except OSError:  # a network drive without locks
        file.close()
        return None
    file.truncate(0)
    file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
    file.flush()
    return file


def checkpoints_in(folder: str) -> dict[int, str]:
    """Find the checkpoints of epochs or iterations: number to path."""
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
        folder (str): Where this run's are about to be written.
        start (str, optional): The checkpoint that it resumes from.
        changed (bool): Whether it goes on under other settings.

    Raises:
        OccupiedError: The folder has checkpoints that this run would
            replace: any, or, where it resumes from one in it under other
            settings, later ones.
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
            'replace. Go on with that training: --resume. Or choose another '
            'folder: --work-dir DIR. Or remove them.'
        )


def newest_checkpoint(folder: str) -> str | None:
    """Find the checkpoint that an interrupted training goes on from.

    It is the one that ``last_checkpoint`` names. Where this file is
    missing, empty or names nothing, it is the newest checkpoint that is
    whole, with a warning.

    Args:
        folder (str): The work dir.

    Returns:
        str | None: Its path; None: there is none, and never was.

    Raises:
        ValueError: ``last_checkpoint`` names a file that is not there, and
            there is no other; or none of those there can be read.
    """
    from .checkpoint import read_checkpoint

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
            warn(f'not resumed from: {error}')
            continue
        what = 'is missing' if named is None else f'names {named[:200]!r}'
        warn(
            f'{pointer} {what}, so the newest whole checkpoint is taken: '
            f'{path}'
        )
        return path
    raise ValueError(
        f'{pointer} '
        + ('is missing' if named is None else f'names {named[:200]!r}')
        + ', and there is no whole checkpoint beside it. Name one: --resume '
        'CHECKPOINT. Or begin anew in another folder: --work-dir DIR'
    )
