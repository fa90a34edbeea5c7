"""Arguments, checks and messages that the converters share. No command."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from metadata_writer import Photo, class_names, read_classes, write_splits

# Leave an image of several classes out, or take the class whose boxes cover
# most.
SEVERAL = ('skip', 'largest')
NO_CLASS = 'without a box, so without a class'
LOST_NAME = 'a name that a line of text cannot hold; rename it'


def make_parser(doc: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def split_name(text: str) -> str:
    if not text.replace('-', '_').isidentifier():
        raise argparse.ArgumentTypeError(
            f'{text!r} is no name of a split; train, val or test, say'
        )
    return text


def add_split(parser: argparse.ArgumentParser) -> None:
    """Arguments of a command that writes one split of annotated images."""
    add = parser.add_argument
    add('metadata', type=Path, metavar='METADATA', help='folder to write')
    add('--split', required=True, type=split_name, help='train, val or test')
    add(
        '--several',
        choices=SEVERAL,
        default='skip',
        help='images of several classes: leave them out (skip), or take the '
        'class whose boxes cover most (largest)',
    )
    add(
        '--classes',
        type=Path,
        metavar='FILE',
        help='file with the names of all classes, one a line, for all splits',
    )


def add_root(parser: argparse.ArgumentParser) -> None:
    """Arguments of a command that takes the images of a data root."""
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
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f'{Path(sys.argv[0]).name}: {error}')


def one_class(some, policy):
    """Choose the class of an image and its boxes.

    Args:
        some (list): ``(class name, Box)`` each, with continuous corners.
        policy (str): One of `SEVERAL`.

    Returns:
        tuple | None: The name and its boxes; None leaves the image out.
    """
    areas: dict[str, float] = {}
    for name, box in some:
        x0, y0, x1, y1 = box.xyxy
        areas[name] = areas.get(name, 0) + (x1 - x0) * (y1 - y0)
    if not areas or (len(areas) > 1 and policy == 'skip'):
        return None
    chosen = max(areas, key=areas.get)
    return chosen, [box for name, box in some if name == chosen]


def write_annotated(args, root, images, classes, faults) -> None:
    """Write a split of annotated images.

    Args:
        args: With what :func:`add_split` reads.
        root (Path | None): The folder of the images; None leaves them
            unread.
        images (list[AnnotatedImage]): Their names are paths below ``root``.
        classes (list[str] | None): Names of all classes, where the
            annotations list them.
        faults (Faults): Of reading the annotations.

    Raises:
        ValueError: What makes the boxes meaningless, or the list of classes.
    """
    from mmspg.datasets.annotations.fitting import fit_as_seen
    from mmspg.datasets.annotations.paths import is_plain
    from mmspg.datasets.images.headers import read_header
    from mmspg.datasets.images.walk import UNREADABLE, tell

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
                f'image {path!r} has no width and height. Give them, in '
                'pixels, or the folder of the images.'
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
    names = class_names(args.metadata, photos, classes)
    write_splits(args.metadata, {args.split: photos}, names)


def check_boxes(faults, number: int) -> None:
    """Say the faults of boxes, or refuse them.

    Args:
        faults (Faults): Of all boxes.
        number (int): How many boxes there are.

    Raises:
        ValueError: Most of them are of other images, or in other units.
    """
    from mmspg.datasets.annotations.boxes import check_lost

    check_lost(faults, number)
    for text in faults.sentences():
        print(text, file=sys.stderr)


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
    """Show at a terminal how far the command has come."""
    if not sys.stderr.isatty():
        return
    if done % max(total // 100, 1) == 0 or done == total:
        end = '\n' if done == total else ''
        print(f'\r{what} {done}/{total}', end=end, file=sys.stderr, flush=True)
