"""Read photographs, one folder for each class, and divide them."""

import hashlib
import os.path as osp
from typing import NamedTuple

from ..annotations.class_lists import NOTHING, alike, compose
from ..annotations.faults import Faults
from ..annotations.formats import AnnotatedImage
from ..images.class_folders import ClassFolders, class_folders, same_inside
from ..images.walk import describe, walk
from .boxes import find_boxes

__all__ = [
    'PARTS',
    'Photos',
    'digest',
    'divide',
    'position',
    'read_photos',
    'repeated_test',
]

PARTS = ('train', 'val', 'test')
SHARE = 0.15  # goes to val, and as much to test, if most have boxes
FEW_BOXES_SHARE = 0.4  # of those with boxes, if few have boxes


class Photos(NamedTuple):
    """Folders of photographs, read and divided.

    ``parts`` is ``{part: {class: paths}}``. ``notes`` are sentences for a
    person, and ``faults`` are those of the boxes.
    """

    classes: tuple[str, ...]
    parts: dict[str, dict[str, list[str]]]
    boxes: dict[str, AnnotatedImage]
    notes: tuple[str, ...]
    faults: Faults

    def number(self, part: str) -> int:
        """Count the photographs of a part."""
        return sum(map(len, self.parts[part].values()))

    def has_boxes(self, part: str) -> bool:
        """Whether localization can be measured on a part."""
        return any(
            name in self.boxes
            for some in self.parts[part].values()
            for name in some
        )


def read_photos(root: str, boxes: str | None = None) -> Photos:
    """Read folders of photographs, and divide them.

    Args:
        root (str): A folder that has a folder of photographs for each class,
            or folders train, val and test that have these.
        boxes (str, optional): File or folder of boxes, see `find_boxes`.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: There are fewer than two classes, a class has no
            photograph to train on, there is none to validate on, or the
            boxes are malformed.
    """
    if not osp.isdir(root):
        raise FileNotFoundError(
            f"there is no folder '{root}'. Give the folder that has a folder "
            'of photographs for each class: --data-root PHOTOS'
        )
    photos = walk(root)
    folders = class_folders(photos)
    if len(folders.classes) < 2:
        raise ValueError(
            f"'{root}' has only one class, {folders.classes[0]!r}. SPG learns "
            'where an object is by telling classes apart. Add a folder of '
            f'photographs without the object, {osp.join(root, NOTHING)}.'
        )
    labels = {
        name: label
        for part in folders.splits.values()
        for label, some in part.items()
        for name in some
    }
    found = find_boxes(photos, labels, boxes)
    parts = _parts(root, folders, set(found.images))
    _check(root, parts, len(found.images))
    counts = ', '.join(
        f'{sum(map(len, some.values()))} {part}'
        for part, some in parts.items()
    )
    left_out = {
        kind: [path for path in paths if path not in found.files]
        for kind, paths in folders.left_out.items()
    }
    notes = (
        f'{root}: {len(labels)} photographs of {len(folders.classes)} '
        f'classes ({counts}), {found.source}',
        *alike(folders.classes),
        *same_inside(folders),
        *repeated_test(root, parts),
        *describe(left_out),
    )
    classes = tuple(folders.classes)
    return Photos(classes, parts, found.images, notes, found.faults)


def repeated_test(root: str, parts: dict) -> list[str]:
    """Say if a test measures the photographs of the validation."""
    if parts['test'] is not parts['val']:
        return []
    return [
        f'There is no folder {osp.join(root, "test")}, so a test repeats the '
        'validation. Map and threshold are chosen there, so its figures are '
        'too good. Put photographs of each class into this folder.'
    ]


def _parts(root: str, folders: ClassFolders, boxed: set[str]):
    """Take the parts that have folders, and draw the others from train."""
    given = folders.splits
    drawn = divide(given.get('') or given.get('train') or {}, boxed)
    if 'train' not in given and '' not in given:
        raise ValueError(
            f'{root} has the splits {sorted(given)}, but no split to train '
            f'on. Add a folder {osp.join(root, "train")}.'
        )
    if not given.keys() & {'val', 'test'}:
        return drawn
    if 'val' in given:
        return dict(
            train=given['train'],
            val=given['val'],
            test=given.get('test', given['val']),
        )
    rest = {c: some + drawn['test'][c] for c, some in drawn['train'].items()}
    return dict(train=rest, val=drawn['val'], test=given['test'])


def _check(root: str, parts, boxed: int) -> None:
    known = {label for part in parts.values() for label in part}
    bare = sorted(c for c in known if not parts['train'].get(c))
    if bare:
        raise ValueError(
            f'{root}: the class {bare[0]!r} has no photograph to train on. '
            'Add photographs, twenty or more for each class.'
        )
    for part in ('val', 'test'):
        if any(parts[part].values()):
            continue
        if boxed:
            raise ValueError(
                f'{root}: {boxed} photographs have boxes, and none of them is '
                f'left for the part {part!r}. Draw boxes in about fifty '
                'photographs, or move the file of boxes elsewhere to train '
                'without.'
            )
        raise ValueError(
            f'{root}: there are too few photographs: none is left for '
            f'the part {part!r}. Add photographs, twenty or more for each '
            'class.'
        )


def digest(name: str) -> bytes:
    """Give the SHA-256 of a name, its accents composed (macOS does not)."""
    name = compose(name)
    return hashlib.sha256(name.encode('utf-8', 'surrogateescape')).digest()


def position(name: str) -> float:
    """Give a number in [0, 1) that depends on the name only."""
    return int.from_bytes(digest(name)[:8], 'big') / 2**64


def divide(
    names: dict[str, list[str]], boxed: set[str] | None = None
) -> dict[str, dict[str, list[str]]]:
    """Divide the photographs of each class.

    The name of a photograph decides its part. So adding or removing a
    photograph without a box moves no other one. If only some photographs
    have boxes, val and test are drawn from these, since localization is
    measured there; if fewer than half have boxes, each gets more of them. So
    new boxes can move photographs that were trained on into val and test.

    Args:
        names (dict[str, list[str]]): Photographs by class.
        boxed (set[str], optional): The photographs that have boxes. If there
            are none, val and test are drawn from all.

    Returns:
        dict: ``{'train' | 'val' | 'test': {class: names}}``.

    Example:
        >>> divide({'cat': ['a', 'b', 'c']})['test']
        {'cat': []}
    """
    everyone = [name for some in names.values() for name in some]
    eligible = set(everyone).intersection(boxed or ()) or set(everyone)
    few = 2 * len(eligible) < len(everyone)
    share = FEW_BOXES_SHARE if few else SHARE
    parts = {part: {c: [] for c in names} for part in PARTS}
    for label, some in names.items():
        for name in some:
            place = position(name)
            part = 'train'
            if name in eligible and place < 2 * share:
                part = 'val' if place < share else 'test'
            parts[part][label].append(name)
    return parts
