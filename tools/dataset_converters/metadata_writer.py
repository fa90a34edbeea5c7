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
    ``size`` (w, h) as stored; ``boxes`` of inclusive corners x0, y0, x1, y1.
    """

    path: str
    name: str
    size: tuple[int, int]
    boxes: list[tuple[float, float, float, float]]


def stored_size(path: Path) -> tuple[int, int] | None:
    """Width and height before EXIF turns the image; None if it is none."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.size
    except OSError:
        return None


def inclusive(x: float, y: float, w: float, h: float) -> tuple:
    """Corners in inclusive pixels of COCO's x, y, width, height."""
    return x, y, x + w - 1, y + h - 1


def class_names(folder: Path, photos: list[Photo]) -> list[str]:
    """Names in the order of the labels; those of an earlier split stay.

    Raises:
        SystemExit: A class is not among those of the earlier split.
    """
    found = sorted({photo.name for photo in photos})
    path = folder / CLASS_NAMES
    if not path.is_file():
        return found
    names = path.read_text(encoding='utf-8').splitlines()
    new = [name for name in found if name not in names]
    if new:
        sys.exit(
            f'{path} of another split has not the classes {new}. Convert the '
            'split that has all classes first, or remove the file and '
            'convert all splits again.'
        )
    return names


def write_split(folder: Path, split: str, photos: list[Photo]) -> None:
    """Write ``folder/split`` and the class names; say what was written.

    Args:
        folder (Path): The ``metadata_root`` of the config.
        split (str): 'train' or 'val', say.
        photos (list[Photo]): In the order of the files.

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
    names = class_names(folder, photos)
    (folder / split).mkdir(parents=True, exist_ok=True)
    files = {
        folder / CLASS_NAMES: names,
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


def report(what: str, names: list) -> None:
    """Say on stderr what was left out, the first few by name."""
    if names:
        few = ', '.join(map(str, names[:5]))
        more = f' and {len(names) - 5} more' if len(names) > 5 else ''
        print(f'left out, {what}: {len(names)}: {few}{more}', file=sys.stderr)
