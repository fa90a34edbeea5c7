"""Lay CUB-200-2011 or ILSVRC CLS-LOC out as the scripts of this folder want.

    python projects/evidence/lay_out.py cub40 CUB_200_2011 DATA
    python projects/evidence/lay_out.py ilsvrc10 ILSVRC DATA

The second argument is the data set as it is distributed. Writes
DATA/NAME/split.csv, a row for each box, or for each image without one, and
links DATA/NAME/images to the photographs.
"""

import argparse
import csv
import os
from pathlib import Path

from mmspg.datasets import CUBLoc, ImageNetLoc

# The classes that docs/evidence.md measured, by the start of their names.
CLASSES = {
    # 40 of the first 50 species: every fifth is left out.
    'cub40': [f'{i:03d}.' for i in range(1, 50) if i % 5],
    'ilsvrc10': [
        *('n01440764', 'n02102040', 'n02979186', 'n03000684', 'n03028079'),
        *('n03394916', 'n03417042', 'n03425413', 'n03445777', 'n03888257'),
    ],
}
COLUMNS = (
    *('image', 'class_index', 'class_name', 'split'),
    *('x0', 'y0', 'x1', 'y1'),
)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('name', choices=CLASSES)
    parser.add_argument('source', type=Path, help='the data set')
    parser.add_argument('target', type=Path, help='folder to write NAME into')
    parser.add_argument(
        '--classes',
        nargs='+',
        help="starts of the classes' names; default: those of the study",
    )
    return parser.parse_args()


def data_sets(name, source):
    """The training and the test images, by ``split`` of the table."""
    if name == 'cub40':
        return {s: CUBLoc(str(source), split=s) for s in ('train', 'test')}
    return dict(
        train=ImageNetLoc(str(source), split='train'),
        test=ImageNetLoc(str(source), split='val'),
    )


def rows_of(split, dataset, source, starts):
    """The rows of the images of some classes."""
    names = dataset.metainfo['classes']
    if isinstance(dataset, ImageNetLoc):  # 'n01440764 tench'
        names = list(map(' '.join, zip(dataset.labels, names, strict=True)))
    kept = [n for n in names if n.startswith(tuple(starts))]
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        name = names[info['gt_label']]
        if name not in kept:
            continue
        path = Path(os.path.relpath(info['img_path'], source)).as_posix()
        row = [f'images/{path}', kept.index(name), name, split]
        boxes = info.get('ori_gt_bboxes', ())
        for box in boxes if len(boxes) else [[''] * 4]:
            yield [*row, *box]


def main():
    args = parse_args()
    folder = args.target / args.name
    folder.mkdir(parents=True, exist_ok=True)
    images = folder / 'images'
    if not images.is_symlink():
        images.symlink_to(args.source.resolve())
    starts = args.classes or CLASSES[args.name]
    with (folder / 'split.csv').open('w', newline='', encoding='utf-8') as out:
        writer = csv.writer(out, lineterminator='\n')
        writer.writerow(COLUMNS)
        for split, dataset in data_sets(args.name, args.source).items():
            writer.writerows(rows_of(split, dataset, args.source, starts))


if __name__ == '__main__':
    main()
