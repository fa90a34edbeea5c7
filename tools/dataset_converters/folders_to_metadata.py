"""Make a data set of a folder of photographs, a folder a class.

    python tools/dataset_converters/folders_to_metadata.py PHOTOS METADATA

PHOTOS/cat/1.jpg is an image of the class `cat`. With --boxes, a COCO file
whose file_name are those below PHOTOS, images that have boxes there become
the split `val`, on which localization is measured, and the others `train`.
Without, a share of each class becomes `val`; it has no boxes.

Photographs are taken as people see them, turned by their EXIF tag, and so are
their boxes. A box counts if its category is the class of its image, or if no
category has the name of a class.
"""

import argparse
import random
import sys
from pathlib import Path

from metadata_writer import SUFFIXES, Photo, report, write_split


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


def find_photos(root: Path, boxed: dict, faults) -> list[Photo]:
    """Give all images in the folders of the classes, sorted."""
    from mmspg.datasets.fitting import fit_as_seen
    from mmspg.datasets.grid import read_header

    folders = {path.name for path in root.iterdir() if path.is_dir()}
    named = {name for i in boxed.values() for name, _ in i.objects} & folders
    photos, unreadable, beside = [], [], []
    for path in sorted(root.rglob('*')):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if '/' not in name:
            beside.append(name)
            continue
        header = read_header(str(path))
        if header is None:
            unreadable.append(name)
            continue
        folder, boxes = name.split('/')[0], []
        if name in boxed:
            image = boxed[name]
            boxes = of_class(image.objects, folder if named else None, faults)
            boxes = fit_as_seen(boxes, image.size, header, name, faults)
        photos.append(Photo(name, folder, header.size_on('seen'), boxes))
    report('not in the folder of a class', beside)
    report('no image that can be read', unreadable)
    return photos


def of_class(objects, name, faults):
    """Give the boxes of a class, or all if its name is None."""
    from mmspg.datasets.faults import OTHER_CLASS

    for category, box in objects:
        if name not in (None, category):
            faults.add(OTHER_CLASS, f'{box.source}: {category}, not {name}')
    return [box for category, box in objects if name in (None, category)]


def check_classes(train: list[Photo], photos: list[Photo], boxes) -> None:
    """End where a class has nothing to train on; warn of one class alone.

    Raises:
        SystemExit: Names the classes.
    """
    classes = {photo.name for photo in photos}
    empty = sorted(classes - {photo.name for photo in train})
    if empty:
        why = f'all of them have boxes in {boxes}, so they' if boxes else 'all'
        sys.exit(
            f'No image is left to train on of the classes {empty}: {why} '
            'would be in val. Add images'
            + (' without boxes.' if boxes else ', or lower --val.')
        )
    if len(classes) == 1:
        print(
            f'There is one class only, {classes.pop()!r}: a training would '
            'be at a loss of 0 and learn nothing. Add a folder of images '
            'without the object.',
            file=sys.stderr,
        )


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
    # After the arguments, since this takes seconds to import.
    from mmspg.datasets.boxes import check_lost
    from mmspg.datasets.coco import read_coco
    from mmspg.datasets.faults import OTHER_IMAGE, Faults, Refusal

    boxed, faults = {}, Faults()
    try:
        if args.boxes:
            coco = read_coco(str(args.boxes))
            boxed = {image.name: image for image in coco.images}
            boxed = {n: image for n, image in boxed.items() if image.objects}
            faults = coco.faults
        photos = find_photos(args.photos, boxed, faults)
        if OTHER_IMAGE in faults:
            raise Refusal(OTHER_IMAGE, faults[OTHER_IMAGE])
        check_lost(faults, sum(len(i.objects) for i in boxed.values()))
    except (OSError, ValueError) as error:
        sys.exit(f'folders_to_metadata.py: {error}')
    if args.boxes:
        strange = sorted(boxed.keys() - {photo.path for photo in photos})
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
    check_classes(train, photos, args.boxes)
    for text in faults.sentences():
        print(text, file=sys.stderr)
    write_split(args.metadata, 'train', train)
    if val:
        write_split(args.metadata, 'val', val)


if __name__ == '__main__':
    main()
