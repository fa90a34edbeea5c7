"""Write files so that they are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mmengine.fileio import LocalBackend, register_backend

__all__ = ['AtomicLocalBackend', 'replacing', 'write_atomically']

BACKEND = 'mmspg_atomic'


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name when it is whole.

    The bytes go to ``<path>.unfinished`` beside it and to the disk. Then the
    file is renamed, which POSIX and NTFS do in one step. A process that is
    killed on the way leaves the former file as it was, and at most the
    unfinished one, which the next write overwrites.

    Args:
        path (Path): The file. Its folder must exist.
    """
    unfinished = path.with_name(f'{path.name}.unfinished')
    try:
        with open(unfinished, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_atomically(path: str | os.PathLike, content: bytes) -> None:
    """Write a file so that nobody ever finds a part of it.

    Args:
        path (str | PathLike): The file. Its folder is made if it is missing.
        content (bytes): What the file is to hold.

    Raises:
        OSError: The file cannot be written, for example because the disk is
            full. The former file is untouched, and nothing unfinished is
            left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise OSError(
            error.errno,
            f'cannot write {path} ({len(content)} bytes): '
            f'{error.strerror or error}. What was there before is untouched. '
            'Free some space, or choose another --work-dir, then go on with '
            '--resume',
        ) from error
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Bring the rename itself to the disk, where folders can be synced."""
    if not hasattr(os, 'O_DIRECTORY'):  # Windows
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@register_backend(BACKEND, force=True)
class AtomicLocalBackend(LocalBackend):
    """MMEngine's backend for the local disk, with atomic writes."""

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Write bytes; see :func:`write_atomically`."""
        write_atomically(filepath, obj)

    def put_text(
        self,
        obj: str,
        filepath: str | os.PathLike,
        encoding: str = 'utf-8',
    ) -> None:
        """Write text; see :func:`write_atomically`."""
        write_atomically(filepath, obj.encode(encoding))
