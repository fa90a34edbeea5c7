"""Find the images in a folder, and the classes that its folders name."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..annotations.class_lists import SPLITS
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
LOOSE = 'not in the folder of a class'
SHOWN = 5  # names of a kind that a message gives


@dataclass
class Walk:
    """What a walk found.

    Attributes:
        root (str): The folder.
        images (list[str]): Paths of the images below it, with '/', sorted.
        others (list[str]): Those of other files that a person may have put
            there, such as lists and annotations.
        left_out (dict[str, list[str]]): ``{kind: paths}`` of all that is no
            image to read, ``others`` among it.
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
    Links are followed, each folder is taken once, and rather by itself than
    by a link. What is hidden is left out, and so is what systems and
    programs put there ('@eaDir', '__MACOSX', 'Thumbs.db').

    Args:
        root (str): The folder.
        leave_out (Iterable[str]): Folders below it that are not looked at.
        by_name (bool): Open only files whose name does not say that they are
            images. For a million files on a slow disk.

    Returns:
        Walk: The images, and what was left out.

    Raises:
        OSError: The root is no folder, or cannot be opened.
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
            if entry.name.startswith('.'):
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
        paths.sort(key=lambda path: path.split('/'))
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
    suffix = os.path.splitext(entry.name)[1].lower()
    if by_name and suffix in SUFFIXES:
        found.images.append(name)
        return
    try:
        with open(entry.path, 'rb', buffering=0) as file:
            head = file.read(HEAD)
    except OSError:
        found.leave_out(CLOSED, name)
        return
    kind = format_of(head, entry.name)
    fault = missing(kind) if kind else None
    if kind and not fault:
        found.images.append(name)
        return
    if not fault and suffix in SUFFIXES:
        fault = UNREADABLE
    elif not fault:
        fault = f'no image ({suffix or "no suffix"})' if head else EMPTY
    found.others.append(name)
    found.leave_out(fault, name)


class ClassFolders(NamedTuple):
    """Images by class, as the folders that a walk found name them.

    ``splits`` are ``{split: {class: paths}}``; the split is '' where no
    folder is named like one, and else 'train', 'val' or 'test'. ``classes``
    are those of all splits, sorted, which is the order of the labels.
    ``left_out`` is as of `Walk`, with the images that are in no class.
    """

    splits: dict[str, dict[str, list[str]]]
    classes: list[str]
    left_out: dict[str, list[str]]


def class_folders(found: Walk) -> ClassFolders:
    """Read the class of each image from the folder that it lies in.

    ``cat/1.jpg`` and ``cat/indoors/1.jpg`` are of the class 'cat'. In
    ``train/cat/1.jpg`` and ``val/cat/2.jpg``, the layout of torchvision's
    ImageFolder, the first folder is the split ('train', 'training', 'val',
    'valid', 'validation', 'dev', 'eval', 'test', 'testing').

    Args:
        found (Walk): What `walk` found.

    Raises:
        ValueError: No image, or none in a folder; folders of splits beside
            other folders, in those of classes, all without classes in them,
            or twice.
    """
    left_out = dict(found.left_out)
    loose = [path for path in found.images if '/' not in path]
    inside = [path for path in found.images if '/' in path]
    if not inside:
        raise ValueError(
            f'{found.root}: there is no image in a folder of a class'
            + (f' ({len(loose)} images lie beside them)' if loose else '')
            + f'. Put the images of a class into a folder of its name, '
            f'{found.root}/cat/1.jpg for example.'
        )
    tops = dict.fromkeys(path.split('/', 1)[0] for path in inside)
    named = {top: SPLITS[top.lower()] for top in tops if top.lower() in SPLITS}
    inner: dict[str, set[str]] = {}  # the folders in each
    for path in inside:
        if path.count('/') > 1:
            top, name = path.split('/')[:2]
            inner.setdefault(top, set()).add(name)
    splits = {}
    if len(named) == len(tops):
        _check_splits(found.root, named, set(inner))
        loose += [path for path in inside if path.count('/') == 1]
        inside = [path for path in inside if path.count('/') > 1]
    elif _half_split(inner, named):
        raise ValueError(
            f'{found.root}: the folders {_some(named)} are named like splits, '
            f'{_some(tops.keys() - named.keys())} like classes. Take out one '
            'or the other.'
        )
    else:
        _check_order(found.root, inner)
        named = {}
    for path in inside:
        top, *below = path.split('/')
        split, name = (named[top], below[0]) if named else ('', top)
        splits.setdefault(split, {}).setdefault(name, []).append(path)
    if loose:
        left_out[LOOSE] = loose
    classes = sorted({name for some in splits.values() for name in some})
    return ClassFolders(splits, classes, left_out)


def _half_split(below: dict[str, set[str]], named: dict[str, str]) -> bool:
    """Whether some folders are splits: they have the folders of others."""
    splits = below.keys() & named.keys()
    return len(splits) > 1 or any(
        below[split] & below[other]
        for split in splits
        for other in below.keys() - splits
    )


def _check_order(root: str, below: dict[str, set[str]]) -> None:
    """Refuse folders of splits in the folders of the classes."""
    names = sorted({name for some in below.values() for name in some})
    if len(names) > 1 and all(name.lower() in SPLITS for name in names):
        top = min(below)
        if len(below) == 1:
            raise ValueError(
                f'{root}: the folders of splits are in {root}/{top}. Give '
                'that folder.'
            )
        raise ValueError(
            f'{root}: the folders of the classes have the splits '
            f'{_some(names)} in them, which would be mixed. Put the classes '
            f'into the splits: {root}/{names[0]}/{top} instead of '
            f'{root}/{top}/{names[0]}.'
        )


def _check_splits(root: str, named: dict[str, str], deep: set[str]) -> None:
    """Check folders that are named like splits."""
    for split in named.values():
        same = [top for top in named if named[top] == split]
        if len(same) > 1:
            raise ValueError(
                f'{root}: the folders {_some(same)} are the same split; make '
                'them one folder.'
            )
    if deep.isdisjoint(named):
        raise ValueError(
            f'{root}: {_some(named)} is named like a split, but its images '
            'are in no folder of a class. Put the images of a class into a '
            f'folder of its name, {root}/{min(named)}/cat/1.jpg for example.'
        )


def describe(left_out: Mapping[str, list[str]]) -> Iterator[str]:
    """Describe what was left out, one line for each kind.

    Example:
        >>> list(describe({'hidden': ['a/.x', 'b/.x']}))
        ['left out, hidden: 2: a/.x, b/.x']
    """
    for kind, paths in sorted(left_out.items()):
        if paths:
            yield f'left out, {kind}: {len(paths)}: {_some(paths)}'


def _some(names: Iterable[str]) -> str:
    """Name the first few."""
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
