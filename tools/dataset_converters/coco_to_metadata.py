"""Make a split of a data set of COCO annotations.

    python tools/dataset_converters/coco_to_metadata.py \
        annotations.json METADATA --split val

Localization from class labels has one class an image: that of its boxes.
Where an image has boxes of several, --several says what to do.
"""

import argparse
from pathlib import Path

from coco import objects, read
from metadata_writer import Photo, report, write_split
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
    return parser.parse_args()


def main():
    args = parse_args()
    content = read(args.annotations)
    found = objects(args.annotations, content)
    photos, several, bare = [], [], []
    for image in content['images']:
        name, some = image['file_name'], found[image['file_name']]
        chosen = one_class(some, args.several)
        if chosen is not None:
            size = int(image['width']), int(image['height'])
            photos.append(Photo(name, chosen[0], size, chosen[1]))
        else:
            (several if some else bare).append(name)
    report('of several classes', several)
    report('without a box, so without a class', bare)
    write_split(args.metadata, args.split, photos)


if __name__ == '__main__':
    main()
