"""Make a split of a data set in the format of PASCAL VOC.

    python tools/dataset_converters/voc_to_metadata.py VOC2012 METADATA \
        --split val --list ImageSets/Main/val.txt

The command reads VOC2012/Annotations/*.xml. Images are in VOC2012/JPEGImages,
which is the data_root of the config. --several and --classes do what they do
in coco_to_metadata.py.

The devkit of PASCAL VOC counts pixels from 1. ILSVRC and some label tools
count from 0. The command says which it takes, and --origin decides.
"""

import os
import sys
from pathlib import Path

from common import add_split, make_parser, run, write_annotated


def parse_args():
    parser = make_parser(__doc__)
    parser.add_argument('root', type=Path, metavar='VOC2012')
    add_split(parser)
    parser.add_argument(
        '--list', help='file below VOC2012 that lists the images (all)'
    )
    parser.add_argument(
        '--origin',
        type=int,
        choices=[0, 1],
        help='the number of the first pixel; default: 0 for files of ILSVRC '
        'and where a corner is 0, otherwise 1, as the devkit has it',
    )
    return parser.parse_args()


def check_listed(folder: Path, where: str, line: str) -> str:
    """Give the name on a line of a list, if it has an annotation."""
    name = line.split()[0]
    if not (folder / f'{name}.xml').is_file():
        raise ValueError(
            f'{where}: there is no annotation {folder / name}.xml. A line of '
            'the list is the name of an image without its suffix.'
        )
    return name


def find_images(folder: Path, names: list[str]) -> dict[str, str]:
    """Give ``{name: path}`` of images, whatever their suffix.

    Raises:
        ValueError: Two images have one name, so one annotation.
    """
    from mmspg.datasets.images.walk import walk

    found = {name: f'{name}.jpg' for name in names}
    seen = set()
    for path in walk(folder, by_name=True).images if folder.is_dir() else ():
        name = os.path.splitext(path)[0]
        if name in seen & found.keys():
            raise ValueError(
                f'{folder}: {found[name]} and {path} have one annotation, '
                f'{name}.xml. Remove or rename one.'
            )
        seen.add(name)
        if name in found:
            found[name] = path
    return found


def main():
    args = parse_args()
    # These take seconds to import, and --help needs none of them.
    from mmspg.datasets.annotations.faults import Faults
    from mmspg.datasets.annotations.formats import read_lines
    from mmspg.datasets.annotations.voc import (
        annotated,
        read_voc_xml,
        voc_origin,
    )

    folder, photos = args.root / 'Annotations', args.root / 'JPEGImages'
    if args.list:
        lines = read_lines(str(args.root / args.list))
        names = [check_listed(folder, *line) for line in lines]
    else:
        files = folder.glob('*.xml')
        names = sorted(p.stem for p in files if not p.name.startswith('.'))
    found = {n: read_voc_xml(str(folder / f'{n}.xml')) for n in names}
    origin, why = voc_origin(list(found.values()))
    if args.origin in (None, origin):
        print(f'{why} --origin 0 or 1 says it otherwise.', file=sys.stderr)
    else:
        origin = args.origin
    paths = find_images(photos, names)
    if not photos.is_dir():
        photos = None
        print(
            f'There is no folder {args.root / "JPEGImages"}: sizes are those '
            'of the annotations, and no image was looked at.',
            file=sys.stderr,
        )
    images = [annotated(paths[n], voc, origin) for n, voc in found.items()]
    write_annotated(args, photos, images, None, Faults())


if __name__ == '__main__':
    run(main)
