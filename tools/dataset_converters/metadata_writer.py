"""Write the folders that mmspg.WSOLMetadata reads. No command."""

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mmspg.datasets.annotations.class_lists import check_names, difference
from mmspg.datasets.annotations.formats import read_names

CLASS_NAMES = 'class_names.txt'
SPLITS = ('train', 'val', 'test')
# The files that a split may have; the benchmark's have the proxy list, too.
OWN = {
    *('image_ids.txt', 'class_labels.txt', 'image_sizes.txt'),
    *('localization.txt', 'grid.txt', 'image_ids_proxy.txt', CLASS_NAMES),
}


class Photo(NamedTuple):
    """An image of the data set that is written.

    ``path`` is below the folder of images, with '/'. ``name`` is the name of
    its class. ``size`` (w, h) and ``boxes``, inclusive corners x0, y0, x1,
    y1, belong to the image as people see it: turned by its EXIF tag.
    """

    path: str
    name: str
    size: tuple[int, int]
    boxes: list[tuple[float, float, float, float]]


def class_names(
    folder: Path, photos: list[Photo], classes: list[str] | None
) -> list[str]:
    """Give the names of the classes in the order of the labels.

    Args:
        folder (Path): The ``metadata_root``. If it has a list of classes,
            that list stays.
        photos (list[Photo]): Images of the split.
        classes (list[str], optional): Names of all classes, with or without
            images in the split. None: the classes of the photos.

    Raises:
        ValueError: A class is not in the list.
    """
    used = sorted({photo.name for photo in photos})
    names, path = classes or used, folder / CLASS_NAMES
    if path.is_file():
        names = read_classes(path)
    new = [name for name in used if name not in names]
    if new:
        raise ValueError(
            f'{path if path.is_file() else "the list of classes"} does not '
            f'have the classes {new}. Remove the metadata folder, and convert '
            'all splits again with the same list, --classes FILE, which has a '
            'name on each line.'
        )
    return names


def check_given(folder: Path, classes: list[str]) -> None:
    """Refuse a list of --classes that is not the one of other splits."""
    path = folder / CLASS_NAMES
    differ = path.is_file() and difference(
        read_classes(path), classes, str(path), '--classes'
    )
    if differ:
        raise ValueError(
            f'{differ}. Remove the metadata folder, and convert all splits '
            'again with one list.'
        )


def read_classes(path: Path) -> list[str]:
    """Read class_names.txt or the file of --classes, one name on each line.

    Raises:
        ValueError: A line is not a name, or a name comes twice.
    """
    names = read_names(str(path))
    check_names(names, path)
    return names


def files_of(photos: list[Photo], names: list[str]) -> dict[str, list[str]]:
    """Give the lines of each file of a split."""
    labels = {name: label for label, name in enumerate(names)}
    return {
        'grid.txt': ['seen'],
        'image_ids.txt': [p.path for p in photos],
        'class_labels.txt': [f'{p.path},{labels[p.name]}' for p in photos],
        'image_sizes.txt': [
            f'{p.path},{p.size[0]},{p.size[1]}' for p in photos
        ],
        'localization.txt': [
            ','.join([p.path, *(f'{corner:.10g}' for corner in box)])
            for p in photos
            for box in p.boxes
        ],
    }


def write_splits(
    folder: Path,
    splits: dict[str, list[Photo]],
    names: list[str],
    instead: tuple[str, ...] = (),
) -> None:
    """Write splits and the class names, whole or not at all.

    The new splits are written into a folder beside, the former splits are
    moved away, and then the new ones take their places. A process that is
    killed never leaves half a split, nor splits of two runs.

    Args:
        folder (Path): The ``metadata_root`` of the config.
        splits (dict[str, list[Photo]]): Images of each split, in order.
        names (list[str]): Names of the classes, in the order of the labels.
        instead (tuple[str]): Splits of a former run that are removed, even
            if this run does not write them.

    Raises:
        ValueError: A split has no images, or the folder of a former split
            has other files.
        OSError: A file cannot be written.
    """
    for split, photos in splits.items():
        if not photos:
            raise ValueError(f'{split}: there is no image to write.')
    former = [folder / split for split in dict.fromkeys((*splits, *instead))]
    former = [path for path in former if path.exists()]
    for path in former:
        strange = [p.name for p in path.iterdir() if p.name not in OWN]
        if strange:
            raise ValueError(
                f'{path} would be replaced, and has files that are no '
                f'metadata, for example {sorted(strange)[:3]}. Choose another '
                'folder for METADATA.'
            )
    made = not folder.exists()
    beside = folder / '.unfinished'
    try:
        shutil.rmtree(beside, ignore_errors=True)
        for split, photos in splits.items():
            (beside / split).mkdir(parents=True)
            for file, lines in files_of(photos, names).items():
                _write(beside / split / file, lines)
        _write(beside / CLASS_NAMES, names)
        (beside / 'former').mkdir()
        for path in former:
            path.rename(beside / 'former' / path.name)
        (beside / CLASS_NAMES).replace(folder / CLASS_NAMES)
        for split in splits:
            (beside / split).rename(folder / split)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        if made and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    for split, photos in splits.items():
        _summarize(folder / split, photos, names)
    others = {path.parent.name for path in folder.glob('*/image_ids.txt')}
    for other in sorted(others - splits.keys()):
        _compare(folder, other, splits, bool(instead))


def _compare(folder, other, splits, whole) -> None:
    """Warn of a split that a former run has written."""
    text = (folder / other / 'image_ids.txt').read_text('utf-8')
    former = set(text.splitlines())
    for split, photos in splits.items():
        both = [photo.path for photo in photos if photo.path in former]
        if both:
            print(
                f'{len(both)} images are in {split} and in {other} of an '
                f'earlier run, for example {both[0]}. Do not test on images '
                'that you train on.',
                file=sys.stderr,
            )
    if whole:
        print(
            f'{folder} also has the split {other!r} of an earlier run. Its '
            'labels may mean other classes. Remove it.',
            file=sys.stderr,
        )


def _write(path: Path, lines: list[str]) -> None:
    path.write_text(''.join(f'{line}\n' for line in lines), 'utf-8')


def _summarize(path: Path, photos: list[Photo], names: list[str]) -> None:
    boxes = sum(len(photo.boxes) for photo in photos)
    images = Counter(photo.name for photo in photos)
    print(
        f'{path}: {len(photos)} images of {len(images)} classes '
        f'({min(images.values())} to {max(images.values())} in a class), '
        f'{boxes} boxes'
    )
    bare = [name for name in names if name not in images]
    if bare:
        print(
            f'{path}: {len(bare)} of the {len(names)} classes have no image '
            f'in this split, {bare[:5]} for example.',
            file=sys.stderr,
        )
