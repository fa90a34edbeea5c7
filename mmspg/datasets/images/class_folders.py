"""Read the classes of images from the names of their folders."""

from itertools import groupby
from typing import NamedTuple

from ..annotations.class_lists import SPLITS, compose
from .walk import Walk, first_few

LOOSE = 'not in the folder of a class'


class ClassFolders(NamedTuple):
    """Images by class, as the folders that a walk found name them.

    ``splits`` is ``{split: {class: paths}}``. The split is 'train', 'val' or
    'test', or '' if no folder has such a name. ``classes`` has the classes
    of all splits, sorted, which is the order of the labels. Accents in them
    are composed (NFC). ``left_out`` is that of `Walk`, plus the images that
    are in no class.
    """

    splits: dict[str, dict[str, list[str]]]
    classes: list[str]
    left_out: dict[str, list[str]]


def class_folders(found: Walk) -> ClassFolders:
    """Read the class of each image from the folder that it lies in.

    ``cat/1.jpg`` and ``cat/indoors/1.jpg`` have the class 'cat'. In
    ``train/cat/1.jpg`` and ``val/cat/2.jpg``, the layout of torchvision's
    ImageFolder, the first folder is the split ('train', 'training', 'val',
    'valid', 'validation', 'dev', 'eval', 'test', 'testing').

    Args:
        found (Walk): What `walk` found.

    Raises:
        ValueError: There is no image in a folder. Or folders of splits lie
            beside other folders or in folders of classes, have no classes in
            them, or come twice.
    """
    left_out = dict(found.left_out)
    by_folder = groupby(found.images, lambda path: path.rpartition('/')[0])
    below = [(folder, list(some)) for folder, some in by_folder]
    loose = [path for folder, some in below if not folder for path in some]
    below = [(folder, some) for folder, some in below if folder]
    if not below:
        raise ValueError(
            f'{found.root}: there is no image in a folder of a class'
            + (f' ({len(loose)} images lie in no folder)' if loose else '')
            + f'. Put the images of a class into a folder of its name, '
            f'{found.root}/cat/1.jpg for example.'
        )
    tops = dict.fromkeys(folder.split('/', 1)[0] for folder, _ in below)
    named = {top: SPLITS[top.lower()] for top in tops if top.lower() in SPLITS}
    inner: dict[str, set[str]] = {}  # the folders in each
    for folder, _ in below:
        if '/' in folder:
            top, name = folder.split('/')[:2]
            inner.setdefault(top, set()).add(name)
    splits: dict[str, dict[str, list[str]]] = {}
    if len(named) == len(tops):
        _check_splits(found.root, named, set(inner))
        loose += [p for folder, some in below if folder in tops for p in some]
        below = [(folder, some) for folder, some in below if '/' in folder]
    elif _half_split(inner, named):
        raise ValueError(
            f'{found.root}: the folders {first_few(named)} are named like '
            f'splits, and {first_few(tops.keys() - named.keys())} like '
            'classes. Keep only one kind.'
        )
    else:
        _check_order(found.root, inner)
        named = {}
    for folder, some in below:
        top, *rest = folder.split('/')
        split, name = (named[top], rest[0]) if named else ('', top)
        splits.setdefault(split, {}).setdefault(compose(name), []).extend(some)
    if loose:
        left_out[LOOSE] = loose
    classes = sorted({name for some in splits.values() for name in some})
    return ClassFolders(splits, classes, left_out)


def same_inside(folders: ClassFolders) -> list[str]:
    """Say whether the classes look like folds: a sentence, or none.

    They do if no image lies in their folders themselves, but in folders of
    the same names: ``fold1/cat/1.jpg`` and ``fold2/cat/2.jpg``, ``dog`` alike.
    """
    classes = folders.splits.get('', {})
    inside = [
        {path.split('/')[1] if path.count('/') > 1 else '' for path in some}
        for some in classes.values()
    ]
    names = inside[0] if inside else set()
    same = all(some == names for some in inside)
    if len(classes) < 2 or len(names) < 2 or '' in names or not same:
        return []
    return [
        f'The classes are {first_few(classes)}, and each has the folders '
        f'{first_few(names)} in it. If these are the classes, name the '
        'folders above them train, val and test, or give one of them.'
    ]


def _half_split(below: dict[str, set[str]], named: dict[str, str]) -> bool:
    """Whether some folders are splits: they have the same folders in them."""
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
            f'{first_few(names)} in them, which would be mixed. Put the '
            f'classes into the splits: {root}/{names[0]}/{top} instead of '
            f'{root}/{top}/{names[0]}.'
        )


def _check_splits(root: str, named: dict[str, str], deep: set[str]) -> None:
    """Check folders that are named like splits."""
    for split in named.values():
        same = [top for top in named if named[top] == split]
        if len(same) > 1:
            raise ValueError(
                f'{root}: the folders {first_few(same)} are the same split. '
                'Make them one folder.'
            )
    if deep.isdisjoint(named):
        raise ValueError(
            f'{root}: {first_few(named)} is named like a split, but its '
            'images are in no folder of a class. Put the images of a class '
            f'into a folder of its name, {root}/{min(named)}/cat/1.jpg for '
            'example.'
        )
