"""Arguments, checks and messages that the converters share. No command."""

import argparse
import os
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from metadata_writer import (
    Photo,
    check_given,
    class_names,
    read_classes,
    write_splits,
)
from rich.console import Console
from rich.progress import track

from mmspg.datasets.annotations.boxes import check_lost
from mmspg.datasets.annotations.fitting import fit_as_seen
from mmspg.datasets.annotations.paths import is_plain
from mmspg.datasets.images.headers import read_header
from mmspg.datasets.images.walk import UNREADABLE, tell

# An image with boxes of several classes is left out, or it gets the class
# whose boxes cover the largest area.
SEVERAL = ('skip', 'largest')
NO_CLASS = 'without a box, so without a class'
LOST_NAME = 'a name that a line of text cannot hold; rename it'


def split_name(text: str) -> str:
    if not text.replace('-', '_').isidentifier():
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a name for a split; use train, val or test'
        )
    return text


def add_split(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments for one split of annotated images."""
    add = parser.add_argument
    add('metadata', type=Path, metavar='METADATA', help='folder to write')
    add('--split', required=True, type=split_name, help='train, val or test')
    add(
        '--several',
        choices=SEVERAL,
        default='skip',
        help='what to do with an image that has boxes of several classes: '
        'leave it out (skip), or give it the class whose boxes cover the '
        'largest area (largest); default: %(default)s',
    )
    add(
        '--classes',
        type=Path,
        metavar='FILE',
        help='file with the names of all classes, one on each line. Give the '
        'same file for every split',
    )


def add_root(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments for the images of a data root."""
    parser.add_argument('root', type=Path, metavar='ROOT', help='data root')
    parser.add_argument(
        '--only',
        nargs='+',
        default=[],
        metavar='FOLDER',
        help='take only the images in these folders below ROOT',
    )


def run(main: Callable[[], None]) -> None:
    """Run a command, and end it with one sentence if its input is wrong."""
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f'{Path(sys.argv[0]).name}: {error}')


def one_class(objects, policy):
    """Choose the class of an image and its boxes.

    Args:
        objects (list): Pairs of class name and Box, with continuous corners.
        policy (str): One of `SEVERAL`.

    Returns:
        tuple | None: The name and its boxes. None leaves the image out.
    """
    areas: dict[str, float] = {}
    for name, box in objects:
        x0, y0, x1, y1 = box.xyxy
        areas[name] = areas.get(name, 0) + (x1 - x0) * (y1 - y0)
    if not areas or (len(areas) > 1 and policy == 'skip'):
        return None
    largest = max(areas, key=areas.get)
    return largest, [box for name, box in objects if name == largest]


def write_annotated(args, root, images, classes, faults) -> None:
    """Write a split of annotated images.

    Args:
        args: The arguments that :func:`add_split` declares.
        root (Path | None): The folder of the images. None: the images are
            not looked at.
        images (list[AnnotatedImage]): Their names are paths below ``root``.
        classes (list[str] | None): Names of all classes, if the annotations
            list them.
        faults (Faults): The faults of the annotations.

    Raises:
        ValueError: The boxes or the list of classes make no sense.
    """
    photos, number = [], 0
    left_out: dict[str, list[str]] = {}
    for path, size, objects in images:
        found = one_class(objects, args.several)
        header = read_header(str(root / path)) if root else None
        why = ''
        if not found:
            why = 'of several classes' if objects else NO_CLASS
        elif not is_plain(path):
            why = LOST_NAME
        elif root and header is None:
            there = (root / path).exists()
            why = UNREADABLE if there else f'not below {root}'
        if why:
            left_out.setdefault(why, []).append(path)
            continue
        if size is None and header is None:
            raise ValueError(
                f'image {path!r} has no width and height. Give them in '
                'pixels, or give the folder of the images.'
            )
        name, boxes = found
        number += len(boxes)
        boxes = fit_as_seen(boxes, size, header, path, faults)
        if boxes:
            size = header.size_on('seen') if header else size
            photos.append(Photo(path, name, size, boxes))
    check_boxes(faults, number)
    tell(left_out)
    if args.classes:
        classes = read_classes(args.classes)
        check_given(args.metadata, classes)
    names = class_names(args.metadata, photos, classes)
    write_splits(args.metadata, {args.split: photos}, names)


def check_boxes(faults, number: int) -> None:
    """Print the faults of ``number`` boxes, or refuse them.

    Raises:
        ValueError: Most of the boxes belong to other images or are in other
            units.
    """
    check_lost(faults, number)
    for text in faults.sentences():
        print(text, file=sys.stderr)


def chosen(images: Iterable[str], root: Path, only: list[str]) -> list[str]:
    """Give the images in the folders of --only, or all of them.

    Raises:
        ValueError: One of the folders has no image.
    """
    images = list(images)
    taken = set()
    for folder in only:
        path = os.path.relpath(root / folder, root).replace(os.sep, '/')
        own = {n for n in images if path == '.' or n.startswith(f'{path}/')}
        if not own:
            raise ValueError(f'there is no image in {root / folder}')
        taken |= own
    return [name for name in images if not only or name in taken]


def check_root(root: Path, only: list[str]) -> None:
    for folder in (root, *(root / name for name in only)):
        if not folder.is_dir():
            sys.exit(f'there is no folder {folder}')


def progress(items: Iterable, among: Collection, what: str) -> Iterable:
    """Pass the items on, and show at a terminal how many are done."""
    return track(
        items,
        what,
        len(among),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
