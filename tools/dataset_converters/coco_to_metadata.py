"""Make a split of a data set of COCO annotations.

    python tools/dataset_converters/coco_to_metadata.py \
        annotations.json METADATA --split val

Localization from class labels has one class an image: that of its boxes.
Where an image has boxes of several, --several says what to do. The classes are
the categories of the file, sorted by name, whether images have them or not;
--classes FILE, a name a line, gives all splits the same.
"""

import argparse
import sys
from pathlib import Path

from metadata_writer import Photo, read_classes, report, write_split
from several import SEVERAL, one_class


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('annotations', type=Path)
    parser.add_argument('metadata', type=Path)
    parser.add_argument('--split', required=True, help='train or val, say')
    parser.add_argument('--several', choices=SEVERAL, default='skip')
    parser.add_argument('--classes', type=Path, help='list of all classes')
    return parser.parse_args()


def main():
    args = parse_args()
    # After the arguments, since this takes seconds to import.
    from mmspg.datasets.boxes import check_lost
    from mmspg.datasets.coco import read_coco
    from mmspg.datasets.fitting import fit_as_seen

    try:
        coco = read_coco(str(args.annotations))
    except (OSError, ValueError) as error:
        sys.exit(f'coco_to_metadata.py: {error}')
    photos, several, bare = [], [], []
    number = 0
    for image in coco.images:
        if image.size is None:
            sys.exit(
                f'{args.annotations}: image {image.name!r} has no width and '
                'height. Give them, in pixels.'
            )
        chosen = one_class(image.objects, args.several)
        if chosen is None:
            (several if image.objects else bare).append(image.name)
            continue
        name, boxes = chosen
        number += len(boxes)
        boxes = fit_as_seen(boxes, image.size, None, image.name, coco.faults)
        if boxes:
            photos.append(Photo(image.name, name, image.size, boxes))
    report('of several classes', several)
    report('without a box, so without a class', bare)
    try:
        check_lost(coco.faults, number)
    except ValueError as error:
        sys.exit(f'coco_to_metadata.py: {error}')
    for text in coco.faults.sentences():
        print(text, file=sys.stderr)
    classes = read_classes(args.classes) or coco.classes
    write_split(args.metadata, args.split, photos, classes)


if __name__ == '__main__':
    main()
