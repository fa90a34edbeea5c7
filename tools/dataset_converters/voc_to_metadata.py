r"""Make a split of a data set from annotations in the format of PASCAL VOC.

    python tools/dataset_converters/voc_to_metadata.py VOC2012 METADATA \
        --split val --list ImageSets/Main/val.txt

The command reads VOC2012/Annotations/*.xml. The images are in
VOC2012/JPEGImages, which is the data_root of the config. --several and
--classes do the same as in coco_to_metadata.py.

The devkit of PASCAL VOC counts pixels from 1. ILSVRC and some label tools
count from 0. The command says which of the two it takes. --origin sets it.
"""

import os
import sys
from pathlib import Path

from common import add_split, run, write_annotated

from mmspg.datasets.annotations.faults import Faults
from mmspg.datasets.annotations.formats import read_lines
from mmspg.datasets.annotations.voc import annotated, read_voc_xml, voc_origin
from mmspg.datasets.images.walk import walk
from mmspg.utils.command_line import tool_parser


def parse_args():
    parser = tool_parser(__doc__)
    parser.add_argument('root', type=Path, metavar='VOC2012')
    add_split(parser)
    parser.add_argument(
        '--list',
        help='file below VOC2012 that lists the images (default: all images)',
    )
    parser.add_argument(
        '--origin',
        type=int,
        choices=[0, 1],
        help='the number of the first pixel (default: 0 for files of ILSVRC '
        'or if a corner is 0, otherwise 1 as in the devkit)',
    )
    return parser.parse_args()


def check_listed(folder: Path, where: str, line: str) -> str:
    """Give the name on a line of a list, if it has an annotation."""
    name = line.split()[0]
    if not (folder / f'{name}.xml').is_file():
        raise ValueError(
            f'{where}: there is no annotation {folder / name}.xml. Write the '
            'name of an image without its suffix on each line.'
        )
    return name


def find_images(folder: Path, names: list[str]) -> dict[str, str]:
    """Find the images of some names, whatever their suffix.

    Returns:
        dict: Each name with the path of its image below ``folder``.

    Raises:
        ValueError: Two images have the same name and so the same annotation.
    """
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
        print(f'{why} If this is wrong, give --origin.', file=sys.stderr)
    else:
        origin = args.origin
    paths = find_images(photos, names)
    if not photos.is_dir():
        photos = None
        print(
            f'There is no folder {args.root / "JPEGImages"}. No image was '
            'looked at, and the sizes are taken from the annotations.',
            file=sys.stderr,
        )
    images = [annotated(paths[n], voc, origin) for n, voc in found.items()]
    write_annotated(args, photos, images, None, Faults())


if __name__ == '__main__':
    run(main)
