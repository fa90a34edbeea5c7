"""Find the images in a folder, and say what is left out."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .file_formats import HEAD, SUFFIXES, format_of, missing

# What systems, network storage and programs put into folders of images.
PROGRAMS = frozenset(
    '#recycle #snapshot $recycle.bin @eadir @recently-snapshot @recycle '
    '__macosx __pycache__ desktop.ini ehthumbs.db lost+found thumbs.db'.split()
    + ['system volume information']
)

HIDDEN = 'hidden'
PROGRAM = 'made by a system or a program'
CLOSED = 'cannot be opened'
EMPTY = 'an empty file'
EMPTY_FOLDER = 'an empty folder'
DANGLING = 'a link to nothing'
MET = 'a link to a folder above it, or to one that is taken already'
SPECIAL = 'neither a file nor a folder'
UNREADABLE = 'no image that can be read'
READ = os.O_RDONLY | getattr(os, 'O_BINARY', 0)
SHOWN = 5  # names of a kind that a message gives


@dataclass
class Walk:
    """What a walk found.

    Attributes:
        root (str): The folder.
        images (list[str]): Paths of the images below it, with '/', sorted.
        others (list[str]): Paths of other files that a person may have put
            there, such as lists and annotations.
        left_out (dict[str, list[str]]): Everything that is not an image to
            read, including ``others``, as ``{kind: paths}``.
    """

    root: str
    images: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, kind: str, path: str) -> None:
        """Note a path that is not taken."""
        self.left_out.setdefault(kind, []).append(path)


def walk(
    root: str | os.PathLike,
    leave_out: Iterable[str | os.PathLike] = (),
    by_name: bool = False,
) -> Walk:
    """Find all images in a folder and in those below it.

    The first bytes of a file tell whether it is an image, not its name.
    Links are followed. Each folder is taken once, if possible by its own
    path and not by a link. Hidden files are left out, and so are the files
    that systems and programs make ('@eaDir', '__MACOSX', 'Thumbs.db').

    Args:
        root (str): The folder.
        leave_out (Iterable[str]): Folders below it that are not looked at.
        by_name (bool): Believe a file name that looks like an image, and
            open only the other files. This helps with a million files on a
            slow disk.

    Returns:
        Walk: The images, and what was left out.

    Raises:
        OSError: The root is not a folder or cannot be opened.
    """
    found = Walk(os.fspath(root))
    unwanted = {os.path.realpath(path) for path in leave_out}
    here = os.path.realpath(root)
    seen, folders, links = set(), [''], []
    while folders or links:
        if folders:
            below = folders.pop()
        else:
            links.sort()
            below = links.pop(0)
        path = os.path.join(found.root, below)
        real = os.path.realpath(path)
        if below and real in unwanted:
            continue
        if real in seen or (below and _is_above(real, here)):
            found.leave_out(MET, below)
            continue
        seen.add(real)
        try:
            with os.scandir(path) as entries:
                listed = list(entries)
        except OSError:
            if not below:
                raise
            found.leave_out(CLOSED, below)
            continue
        if not listed and below:
            found.leave_out(EMPTY_FOLDER, below)
        for entry in listed:
            name = f'{below}/{entry.name}' if below else entry.name
            if (
                by_name  # nearly all files of a large folder end here
                and entry.is_file(follow_symlinks=False)
                and not entry.name.startswith('.')
                and entry.name.lower().endswith(SUFFIXES)
            ):
                found.images.append(name)
            elif entry.name.startswith('.'):
                found.leave_out(HIDDEN, name)
            elif entry.name.lower() in PROGRAMS:
                found.leave_out(PROGRAM, name)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                links.append(name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                _take(found, entry, name, by_name)
    for paths in (found.images, found.others, *found.left_out.values()):
        # As lists of names would be sorted, but quicker: no name has a NUL.
        paths.sort(key=lambda path: path.replace('/', '\0'))
    return found


def _is_above(folder: str, other: str) -> bool:
    return other.startswith(folder.rstrip(os.sep) + os.sep)


def _take(found: Walk, entry: os.DirEntry, name: str, by_name: bool) -> None:
    """Note a file as an image, or as left out."""
    linked = entry.is_symlink()
    if linked and not os.path.exists(entry.path):
        found.leave_out(DANGLING, name)
        return
    if not (os.path.isfile(entry.path) if linked else entry.is_file()):
        found.leave_out(SPECIAL, name)
        return
    if by_name and entry.name.lower().endswith(SUFFIXES):
        found.images.append(name)
        return
    try:
        head = _head(entry.path)
    except OSError:
        found.leave_out(CLOSED, name)
        return
    kind = format_of(head, entry.name)
    fault = missing(kind) if kind else None
    if kind and not fault:
        found.images.append(name)
        return
    suffix = os.path.splitext(entry.name)[1].lower()
    if not fault and suffix in SUFFIXES:
        fault = UNREADABLE
    elif not fault:
        fault = f'no image ({suffix or "no suffix"})' if head else EMPTY
    found.others.append(name)
    found.leave_out(fault, name)


def _head(path: str) -> bytes:
    """Read the first bytes of a file, in two thirds of the time of `open`."""
    file = os.open(path, READ)
    try:
        return os.read(file, HEAD)
    finally:
        os.close(file)


def describe(left_out: Mapping[str, list[str]]) -> Iterator[str]:
    """Describe what was left out, one line for each kind.

    Example:
        >>> list(describe({'hidden': ['a/.x', 'b/.x']}))
        ['2 left out (hidden): a/.x, b/.x']
    """
    for kind, paths in sorted(left_out.items()):
        if paths:
            yield f'{len(paths)} left out ({kind}): {first_few(paths)}'


def first_few(names: Iterable[str]) -> str:
    """Name the first few, and how many more there are."""
    names = sorted(names)
    few = ', '.join(
        name if name.isprintable() else repr(name) for name in names[:SHOWN]
    )
    more = len(names) - SHOWN
    return f'{few} and {more} more' if more > 0 else few


def tell(left_out: Mapping[str, list[str]]) -> None:
    """Print on stderr what was left out."""
    for line in describe(left_out):
        print(line, file=sys.stderr)
