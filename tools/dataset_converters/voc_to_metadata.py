"""Make a split of a data set in the format of PASCAL VOC.

    python tools/dataset_converters/voc_to_metadata.py VOC2012 METADATA \
        --split val --list ImageSets/Main/val.txt

reads VOC2012/Annotations/*.xml; images lie in VOC2012/JPEGImages, which is
the data_root of the config. --several as of coco_to_metadata.py.
"""

import argparse
import sys
from pathlib import Path

from metadata_writer import Photo, report, write_split
from several import SEVERAL, one_class


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('root', type=Path)
    parser.add_argument('metadata', type=Path)
    parser.add_argument('--split', required=True, help='train or val, say')
    parser.add_argument(
        '--list', help='file below VOC2012 that names the images; all if none'
    )
    parser.add_argument('--several', choices=SEVERAL, default='skip')
    return parser.parse_args()


def main():
    args = parse_args()
    # After the arguments, since this takes seconds to import.
    from mmspg.datasets.formats import read_voc_xml

    folder = args.root / 'Annotations'
    try:
        if args.list:
            lines = (args.root / args.list).read_text().splitlines()
            names = [line.split()[0] for line in lines if line.strip()]
        else:
            names = sorted(path.stem for path in folder.glob('*.xml'))
        found = {n: read_voc_xml(str(folder / f'{n}.xml')) for n in names}
    except (OSError, ValueError) as error:
        sys.exit(f'voc_to_metadata.py: {error}')
    photos, several = [], []
    for name, (size, classes, boxes) in found.items():
        some = zip(classes, (box.xyxy for box in boxes), strict=True)
        chosen = one_class(list(some), args.several)
        if chosen is None:
            several.append(name)
        else:
            photos.append(Photo(f'{name}.jpg', chosen[0], size, chosen[1]))
    report('of several classes, or of none', several)
    write_split(args.metadata, args.split, photos)


if __name__ == '__main__':
    main()
