"""Make a data set of a folder of photographs, a folder a class.

    python tools/dataset_converters/folders_to_metadata.py PHOTOS METADATA

PHOTOS/cat/1.jpg is an image of the class `cat`. With --boxes, a COCO file
whose file_name are those below PHOTOS, images that have boxes there become
the split `val`, on which localization is measured, and the others `train`.
Without, a share of each class becomes `val`; it has no boxes.
"""

import argparse
import random
import sys
from pathlib import Path

from coco import boxes_by_image
from metadata_writer import SUFFIXES, Photo, report, stored_size, write_split


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('photos', type=Path)
    parser.add_argument('metadata', type=Path)
    parser.add_argument('--boxes', type=Path, help='COCO annotations')
    parser.add_argument(
        '--val',
        type=float,
        default=0.2,
        help='share of each class for val, where there are no boxes (.2)',
    )
    parser.add_argument('--seed', type=int, default=0, help='of the share')
    args = parser.parse_args()
    if not 0 <= args.val < 1:
        parser.error(f'--val must be at least 0 and below 1, got {args.val}')
    if not args.photos.is_dir():
        parser.error(f'{args.photos} is no folder')
    return args


def find_photos(root: Path, boxes: dict) -> list[Photo]:
    """Give all images in the folders of the classes, sorted."""
    photos, unreadable, beside = [], [], []
    for path in sorted(root.rglob('*')):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if '/' not in name:
            beside.append(name)
            continue
        size = stored_size(path)
        if size is None:
            unreadable.append(name)
            continue
        folder = name.split('/')[0]
        photos.append(Photo(name, folder, size, boxes.get(name, [])))
    report('not in the folder of a class', beside)
    report('no image that can be read', unreadable)
    return photos


def divide(photos, share, seed):
    """Divide each class alike, and the same way every time."""
    train, val = [], []
    for name in sorted({photo.name for photo in photos}):
        some = [photo for photo in photos if photo.name == name]
        random.Random(f'{seed} {name}').shuffle(some)
        number = round(share * len(some))
        val += some[:number]
        train += some[number:]
    return sorted(train), sorted(val)


def main():
    args = parse_args()
    boxes = boxes_by_image(args.boxes) if args.boxes else {}
    photos = find_photos(args.photos, boxes)
    if args.boxes:
        strange = sorted(set(boxes) - {photo.path for photo in photos})
        if strange:
            sys.exit(
                f'{args.boxes} has boxes of {len(strange)} images that are '
                f'not below {args.photos}, {strange[:3]} for example. Its '
                'file_name must be paths below that folder, class/name.jpg.'
            )
        train = [photo for photo in photos if not photo.boxes]
        val = [photo for photo in photos if photo.boxes]
    else:
        train, val = divide(photos, args.val, args.seed)
    write_split(args.metadata, 'train', train)
    if val:
        write_split(args.metadata, 'val', val)


if __name__ == '__main__':
    main()
