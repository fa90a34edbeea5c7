"""Files that are there whole, or not at all."""

import os
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

__all__ = ['AtomicLocalBackend', 'write_atomically']

BACKEND = 'mmspg_atomic'


def write_atomically(path: str | os.PathLike, content: bytes) -> None:
    """Write a file so that nobody ever finds a part of it.

    The bytes go to ``<path>.unfinished`` beside it, to the disk, and then
    take the name by a rename, which POSIX and NTFS do in one step. A process
    killed on the way leaves the former file as it was, and at most the
    unfinished one, which the next write of the same file overwrites.

    Args:
        path (str | PathLike): The file; its folder is made if need be.
        content (bytes): What it is to hold.

    Raises:
        OSError: The disk is full, say. The former file is untouched, and
            nothing unfinished is left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'{path.name}.unfinished')
    try:
        with open(unfinished, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
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
    """MMEngine's backend of the local disk, with writes that are atomic."""

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
