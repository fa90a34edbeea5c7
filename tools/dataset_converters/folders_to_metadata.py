"""Make a data set from photographs in folders, one folder for each class.

    python tools/dataset_converters/folders_to_metadata.py PHOTOS METADATA

PHOTOS/cat/1.jpg is an image of the class `cat`. A share of each class becomes
`val`, and with --test another share becomes `test`. These have no boxes. With
--boxes, a COCO file, the images that have boxes become `val` and `test`, on
which localization is measured, and the others become `train`. The images in
PHOTOS/train/cat and PHOTOS/val/cat stay in the splits `train` and `val`.

Photographs and their boxes are taken as people see them: turned by the EXIF
tag. A box counts if its category is the class of its image, or if no category
has the name of a class. A second run replaces the splits of the first.
"""

import argparse
import sys
from pathlib import Path

from common import LOST_NAME, check_boxes, run
from metadata_writer import SPLITS, Photo, write_splits

from mmspg.datasets.annotations.class_lists import (
    alike,
    check_name,
    check_names,
)
from mmspg.datasets.annotations.coco import read_coco
from mmspg.datasets.annotations.faults import OTHER_CLASS, Faults
from mmspg.datasets.annotations.fitting import fit_as_seen
from mmspg.datasets.annotations.paths import is_plain
from mmspg.datasets.images.class_folders import class_folders, same_inside
from mmspg.datasets.images.headers import read_header
from mmspg.datasets.images.walk import UNREADABLE, tell, walk
from mmspg.datasets.photographs.reading import position
from mmspg.utils.command_line import tool_parser


def share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f'{text} is not from 0 to below 1')
    return value


def parse_args():
    parser = tool_parser(__doc__)
    add = parser.add_argument
    add('photos', type=Path, metavar='PHOTOS')
    add('metadata', type=Path, metavar='METADATA', help='folder to write')
    add('--boxes', type=Path, metavar='FILE', help='COCO annotations')
    add(
        '--val',
        type=share,
        default=0.2,
        help='share of each class for val; not used with --boxes '
        '(default: %(default)s)',
    )
    add(
        '--test',
        type=share,
        default=0,
        help='share of each class for test; with --boxes a share of the '
        'images that have boxes (default: %(default)s)',
    )
    add('--seed', type=int, default=0, help='another seed draws other images')
    args = parser.parse_args()
    if not args.photos.is_dir():
        parser.error(f'there is no folder {args.photos}')
    if args.photos.resolve() == args.metadata.resolve():
        parser.error('METADATA must be another folder than PHOTOS')
    if not args.boxes and args.val + args.test >= 1:
        parser.error('--val and --test must leave images to train on')
    return args


class Boxes:
    """Boxes of a COCO file, by the path of their photograph."""

    def __init__(self, file: Path | None, paths: list[str], root: Path):
        self.faults, self.images, self.categories = Faults(), {}, set()
        if file:
            coco = read_coco(str(file)).matched(paths, file, root)
            self.faults = coco.faults
            self.images = {i.name: i for i in coco.images if i.objects}
            self.categories = {n for i in coco.images for n, _ in i.objects}

    def of(self, path: str, name: str, header, named: bool) -> list:
        """Give the boxes of a photograph; if ``named``, of its class only."""
        if path not in self.images:
            return []
        image, boxes = self.images[path], []
        for category, box in image.objects:
            if named and category != name:
                text = f'{box.source}: {category}, not {name}'
                self.faults.add(OTHER_CLASS, text)
            else:
                boxes.append(box)
        return fit_as_seen(boxes, image.size, header, path, self.faults)


def find_photos(args) -> dict[str, list[Photo]]:
    """Read all photographs.

    Returns:
        dict: Photographs by split. The key is '' if no folder is a split.

    Raises:
        ValueError: See `class_folders`, `match_names` and `check_boxes`.
    """
    found = walk(args.photos, leave_out=[args.metadata])
    folders = class_folders(found)
    left_out = {kind: list(some) for kind, some in folders.left_out.items()}
    where = f'a folder below {args.photos}'
    names = [check_name(name, where) for name in folders.classes]
    check_names(names, args.photos)
    boxes = Boxes(args.boxes, found.images, args.photos)
    if args.boxes and not boxes.images:
        why = ' '.join(boxes.faults.sentences())
        raise ValueError(f'{args.boxes} has no box to test on. {why}'.strip())
    named = not boxes.categories.isdisjoint(folders.classes)
    if boxes.categories and not named:
        print(
            f'No category of {args.boxes} is a class: it has '
            f'{sorted(boxes.categories)[:5]}, and the folders are '
            f'{folders.classes[:5]}. So each box counts as a box of the class '
            'of its image. If the categories are classes, rename them.',
            file=sys.stderr,
        )
    photos: dict[str, list[Photo]] = {}
    for split, classes in folders.splits.items():
        for name, paths in classes.items():
            for path in paths:
                header = read_header(str(args.photos / path))
                if header is None or not is_plain(path):
                    why = UNREADABLE if header is None else LOST_NAME
                    left_out.setdefault(why, []).append(path)
                    continue
                own = boxes.of(path, name, header, named)
                photo = Photo(path, name, header.size_on('seen'), own)
                photos.setdefault(split, []).append(photo)
    tell(left_out)
    for sentence in same_inside(folders):
        print(sentence, file=sys.stderr)
    read = {photo.name for some in photos.values() for photo in some}
    if set(folders.classes) > read:
        raise ValueError(
            f'no image of the classes {sorted({*folders.classes} - read)} '
            'can be read. Put other images there, or remove the folders.'
        )
    number = sum(len(image.objects) for image in boxes.images.values())
    check_boxes(boxes.faults, number)
    return photos


def divide(photos: list[Photo], part: float, seed: int):
    """Divide each class into a share and the rest.

    The result depends on the paths and the seed only. The rest has at least
    one image of each class.
    """
    taken, rest = [], []
    for name in sorted({photo.name for photo in photos}):
        some = [photo for photo in photos if photo.name == name]
        some.sort(key=lambda photo: position(f'{seed} {photo.path}'))
        number = min(round(part * len(some)), len(some) - 1)
        taken += some[:number]
        rest += some[number:]
    return sorted(taken), sorted(rest)


def split_up(photos: list[Photo], args) -> dict[str, list[Photo]]:
    """Divide photographs into train, val and test."""
    if args.boxes:
        train = [photo for photo in photos if not photo.boxes]
        boxed = [photo for photo in photos if photo.boxes]
        test, val = divide(boxed, args.test, args.seed)
    else:
        val, train = divide(photos, args.val, args.seed)
        test, train = divide(train, args.test / (1 - args.val), args.seed)
    return dict(train=train, val=val, test=test)


def with_boxes(split: str, photos: list[Photo]) -> list[Photo]:
    """Leave out test images without a box if others have one."""
    boxed = [photo for photo in photos if photo.boxes]
    if split == 'train' or not boxed:
        return photos
    bare = [photo.path for photo in photos if not photo.boxes]
    tell({f'in {split} without a box': bare})
    return boxed


def check_classes(splits: dict[str, list[Photo]], boxes) -> list[str]:
    """Give the classes, and warn of a single one.

    Raises:
        ValueError: A class has no image to train on.
    """
    classes = {photo.name for some in splits.values() for photo in some}
    trained = {photo.name for photo in splits.get('train', [])}
    if classes > trained:
        why = f' have boxes in {boxes}, and so' if boxes else ''
        raise ValueError(
            f'The classes {sorted(classes - trained)} have no image left to '
            f'train on: all of them{why} would be in val or test. Add images'
            + (' without boxes.' if boxes else '.')
        )
    if len(classes) == 1:
        print(
            f'There is only one class, {min(classes)!r}. A training would '
            'have a loss of 0 and learn nothing. Add a folder of images '
            'without the object. If the classes are folders in '
            f'{min(classes)!r}, give that folder.',
            file=sys.stderr,
        )
    for sentence in alike(classes):
        print(sentence, file=sys.stderr)
    return sorted(classes)


def main():
    args = parse_args()
    found = find_photos(args)
    if '' in found:
        found |= split_up(found[''], args)
    elif 'val' not in found:
        print(
            f'{args.photos} has no folder val, so there is no split to '
            'validate on. Make one, or move the classes out of train: then '
            'a share of each is drawn (--val).',
            file=sys.stderr,
        )
    splits = {
        split: with_boxes(split, found.get(split, [])) for split in SPLITS
    }
    empty = [s for s in SPLITS if getattr(args, s, 0) and not splits[s]]
    if '' in found and empty:
        print(
            f'There are too few images for a split {empty[0]}, so none is '
            f'written. Give a larger share (--{empty[0]}), or add images.',
            file=sys.stderr,
        )
    splits = {split: photos for split, photos in splits.items() if photos}
    names = check_classes(splits, args.boxes)
    write_splits(args.metadata, splits, names, instead=SPLITS)


if __name__ == '__main__':
    run(main)
