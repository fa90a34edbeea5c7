"""Write the metadata folders that mmspg.WSOLMetadata reads. No command."""

import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

SUFFIXES = ('.bmp', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
CLASS_NAMES = 'class_names.txt'


class Photo(NamedTuple):
    """An image of the data set to be.

    ``path`` below the folder of images, with '/'; ``name`` of its class;
    ``size`` (w, h) and ``boxes``, inclusive corners x0, y0, x1, y1, are of
    the image as people see it, turned by its EXIF tag.
    """

    path: str
    name: str
    size: tuple[int, int]
    boxes: list[tuple[float, float, float, float]]


def class_names(
    folder: Path, photos: list[Photo], classes: list[str] | None
) -> list[str]:
    """Names in the order of the labels; those of an earlier split stay.

    Args:
        folder (Path): The ``metadata_root``, which may have a list.
        photos (list[Photo]): Of the split.
        classes (list[str], optional): Names of all classes, whether the
            split has images of them or not. None: those of the photos.

    Raises:
        SystemExit: A class is not in the list, or two lists differ.
    """
    used = sorted({photo.name for photo in photos})
    names, path = classes or used, folder / CLASS_NAMES
    if path.is_file():
        names = read_classes(path)
    new = [name for name in used if name not in names]
    if new:
        sys.exit(
            f'{path if path.is_file() else "the list of classes"} has not the '
            f'classes {new}. Give all splits one list by --classes FILE, a '
            'name a line; remove the metadata folder and convert all splits '
            'again.'
        )
    return names


def read_classes(path: Path | None) -> list[str] | None:
    """Read the file of --classes or class_names.txt, a name a line."""
    from mmspg.datasets.class_lists import faults_of_names
    from mmspg.datasets.formats import read_names

    if path is None:
        return None
    try:
        names = read_names(str(path))
    except (OSError, ValueError) as error:
        sys.exit(f'list of classes: {error}')
    for fault in faults_of_names(names):
        sys.exit(f'{path}: {fault}')
    return names


def write_split(
    folder: Path,
    split: str,
    photos: list[Photo],
    classes: list[str] | None = None,
) -> None:
    """Write ``folder/split`` and the class names; say what was written.

    Args:
        folder (Path): The ``metadata_root`` of the config.
        split (str): 'train' or 'val', say.
        photos (list[Photo]): In the order of the files.
        classes (list[str], optional): See :func:`class_names`.

    Raises:
        SystemExit: No photo; a path that a line of text cannot hold; a
            class that an earlier split does not have.
    """
    if not photos:
        sys.exit(f'{split}: there is no image to write.')
    for path in (photo.path for photo in photos):
        if path != path.strip() or not path.isprintable() or '\\' in path:
            sys.exit(
                f'{path!r}: rename it; a path must have no backslash, no '
                'control character and no blank at either end.'
            )
    names = class_names(folder, photos, classes)
    (folder / split).mkdir(parents=True, exist_ok=True)
    files = {
        folder / CLASS_NAMES: names,
        folder / split / 'grid.txt': ['seen'],
        folder / split / 'image_ids.txt': [p.path for p in photos],
        folder / split / 'class_labels.txt': [
            f'{p.path},{names.index(p.name)}' for p in photos
        ],
        folder / split / 'image_sizes.txt': [
            f'{p.path},{p.size[0]},{p.size[1]}' for p in photos
        ],
        folder / split / 'localization.txt': [
            ','.join([p.path, *(f'{corner:.10g}' for corner in box)])
            for p in photos
            for box in p.boxes
        ],
    }
    for path, lines in files.items():
        path.write_text(''.join(f'{line}\n' for line in lines), 'utf-8')
    boxes = sum(len(photo.boxes) for photo in photos)
    images = Counter(photo.name for photo in photos)
    print(
        f'{folder / split}: {len(photos)} images of {len(images)} classes '
        f'({min(images.values())} to {max(images.values())} a class), '
        f'{boxes} boxes'
    )
    bare = [name for name in names if name not in images]
    if bare:
        print(
            f'{folder / split}: {len(bare)} of the {len(names)} classes have '
            f'no image in this split, {bare[:5]} for example.',
            file=sys.stderr,
        )


def report(what: str, names: list) -> None:
    """Say on stderr what was left out, the first few by name."""
    if names:
        few = ', '.join(map(str, names[:5]))
        more = f' and {len(names) - 5} more' if len(names) > 5 else ''
        print(f'left out, {what}: {len(names)}: {few}{more}', file=sys.stderr)
