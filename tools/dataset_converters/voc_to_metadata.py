"""Make a split of a data set in the format of PASCAL VOC.

    python tools/dataset_converters/voc_to_metadata.py VOC2012 METADATA \
        --split val --list ImageSets/Main/val.txt

reads VOC2012/Annotations/*.xml; images lie in VOC2012/JPEGImages, which is
the data_root of the config. --several and --classes as of coco_to_metadata.py.

The devkit of PASCAL VOC counts pixels from 1. ILSVRC and some label tools
count from 0. The command says which it takes, and --origin decides.
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
    parser.add_argument('root', type=Path)
    parser.add_argument('metadata', type=Path)
    parser.add_argument('--split', required=True, help='train or val, say')
    parser.add_argument(
        '--list', help='file below VOC2012 that names the images; all if none'
    )
    parser.add_argument('--several', choices=SEVERAL, default='skip')
    parser.add_argument('--classes', type=Path, help='list of all classes')
    parser.add_argument(
        '--origin',
        type=int,
        choices=[0, 1],
        help='the number of the first pixel; default: 0 for files of ILSVRC '
        'and where a corner is 0, otherwise 1, as the devkit has it',
    )
    return parser.parse_args()


def main():
    args = parse_args()
    # After the arguments, since this takes seconds to import.
    from mmspg.datasets.boxes import check_lost
    from mmspg.datasets.faults import OTHER_IMAGE, Faults, Refusal
    from mmspg.datasets.fitting import fit_as_seen
    from mmspg.datasets.formats import read_lines, read_voc_xml
    from mmspg.datasets.grid import read_header
    from mmspg.datasets.voc import continuous, voc_origin

    folder = args.root / 'Annotations'
    try:
        if args.list:
            lines = read_lines(str(args.root / args.list))
            names = [line.split()[0] for _, line in lines]
        else:
            names = sorted(path.stem for path in folder.glob('*.xml'))
        found = {n: read_voc_xml(str(folder / f'{n}.xml')) for n in names}
    except (OSError, ValueError) as error:
        sys.exit(f'voc_to_metadata.py: {error}')
    origin, why = voc_origin(list(found.values()))
    if args.origin in (None, origin):
        print(f'{why} --origin 0 or 1 says it otherwise.', file=sys.stderr)
    else:
        origin = args.origin
    photos, several, faults, number = [], [], Faults(), 0
    for name, (size, classes, boxes, _) in found.items():
        some = zip(classes, continuous(boxes, origin), strict=True)
        chosen = one_class(list(some), args.several)
        if chosen is None:
            several.append(name)
            continue
        number += len(chosen[1])
        path = f'{name}.jpg'
        header = read_header(str(args.root / 'JPEGImages' / path))
        boxes = fit_as_seen(chosen[1], size, header, path, faults)
        if header is not None:
            size = header.size_on('seen')
        if boxes:
            photos.append(Photo(path, chosen[0], size, boxes))
    try:
        check_lost(faults, number)
        if OTHER_IMAGE in faults:
            raise Refusal(OTHER_IMAGE, faults[OTHER_IMAGE])
    except ValueError as error:
        sys.exit(f'voc_to_metadata.py: {error}')
    for text in faults.sentences():
        print(text, file=sys.stderr)
    report('of several classes, or of none', several)
    write_split(args.metadata, args.split, photos, read_classes(args.classes))


if __name__ == '__main__':
    main()
