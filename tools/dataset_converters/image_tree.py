"""Walk the images of a data root. No command."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from metadata_writer import SUFFIXES


def files_below(root: Path, leave_out: Path) -> Iterator[str]:
    """Give the paths of all files, relative and with '/', in sorted order.

    Symbolic links are followed, to each folder once; hidden files and
    folders are left out.

    Args:
        root (Path): Where to look.
        leave_out (Path): A folder below it, the one that is written to.
    """
    seen = {leave_out.resolve()}
    folders = [root]
    while folders:
        folder = folders.pop()
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.startswith('.'):
                continue
            if entry.is_file():
                yield Path(entry.path).relative_to(root).as_posix()
        folders += [
            Path(entry.path)
            for entry in reversed(entries)
            if entry.is_dir() and not entry.name.startswith('.')
        ]


def is_image(path: str) -> bool:
    return path.lower().endswith(SUFFIXES)


def chosen(path: str, only: list[str]) -> bool:
    """Whether a path lies in one of the folders, or none was named."""
    return not only or any(
        path.startswith(folder.strip('/') + '/') for folder in only
    )


def check_root(root: Path, only: list[str]) -> None:
    for folder in (root, *(root / name for name in only)):
        if not folder.is_dir():
            sys.exit(f'{folder} is no folder')


def progress(done: int, total: int, what: str) -> None:
    """Tell a person at a terminal how far it has come."""
    if not sys.stderr.isatty():
        return
    if done % max(total // 100, 1) == 0 or done == total:
        end = '\n' if done == total else ''
        print(f'\r{what} {done}/{total}', end=end, file=sys.stderr, flush=True)
