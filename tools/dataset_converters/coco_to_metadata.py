r"""Make a split of a data set from COCO annotations.

    python tools/dataset_converters/coco_to_metadata.py \
        annotations.json METADATA --split val --images PHOTOS

PHOTOS is the folder of the images, the data_root of the config. If you give
it, images are also found by their base names, and their sizes and EXIF tags
are checked. Otherwise file_name must be the path below that folder.

An image has one class here: the class of its boxes. If it has boxes of several
classes, --several decides. The classes are all categories of the file, sorted
by name. --classes FILE gives all splits the same list.
"""

from pathlib import Path

from common import add_split, run, write_annotated

from mmspg.datasets.annotations.coco import read_coco
from mmspg.datasets.images.walk import walk
from mmspg.utils.command_line import tool_parser


def parse_args():
    parser = tool_parser(__doc__)
    parser.add_argument('annotations', type=Path)
    add_split(parser)
    parser.add_argument(
        '--images', type=Path, metavar='PHOTOS', help='folder of the images'
    )
    return parser.parse_args()


def main():
    args = parse_args()
    coco = read_coco(str(args.annotations))
    if args.images:
        there = walk(args.images, by_name=True).images
        coco = coco.matched(there, args.annotations, args.images)
    write_annotated(args, args.images, coco.images, coco.classes, coco.faults)


if __name__ == '__main__':
    run(main)
