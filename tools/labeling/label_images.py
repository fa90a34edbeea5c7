"""Find the objects in a folder of images, and write data sets with boxes.

python tools/labeling/label_images.py IMAGES [CHECKPOINT] --format coco yolo

finds the object in every image and writes a complete data set in each format:
images, class names, splits, and each box with its score. A second run with the
same --out continues where the first was interrupted. Without a checkpoint, a
model with the 1000 classes of ImageNet is used.
"""

import sys
from argparse import ArgumentTypeError
from math import floor
from pathlib import Path

from mmspg.utils import command_line as cli

FORMATS = ('coco', 'yolo', 'voc', 'labelstudio', 'cvat')
DEFAULT_SHARE = 0.15  # of images for val and for test, as in training


def share(text):
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f'expected a number in [0, 1], got {text!r}')
    return value


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    add('images', help='the folder of images')
    cli.add_model(parser, required=False)
    add(
        '--format',
        nargs='+',
        choices=FORMATS,
        default=['coco'],
        help='the formats to write (default: coco)',
    )
    add(
        '--out',
        default='labels',
        metavar='DIR',
        help='the folder to write to (default: %(default)s)',
    )
    add(
        '--classes-from',
        choices=('auto', 'folders', 'model'),
        default='auto',
        help='take the class of a box from the folder of its image, or from '
        'the prediction of the model (default: folders, if the names of all '
        'folders are classes of the model)',
    )
    add(
        '--min-score',
        type=share,
        default=0.0,
        help='leave out boxes with a lower score, in [0, 1]',
    )
    add(
        '--min-area',
        type=share,
        default=0.0,
        metavar='SHARE',
        help='leave out boxes that cover a smaller share of the image, in '
        '[0, 1]',
    )
    add(
        '--max-boxes',
        type=int,
        metavar='N',
        help='keep only the N surest boxes of each image',
    )
    add(
        '--review-below',
        type=share,
        metavar='SCORE',
        help='write review.csv, a list of the images that have no box or a '
        'box with a lower score, the most doubtful first',
    )
    for split in ('val', 'test'):
        add(
            f'--{split}-share',
            type=share,
            default=DEFAULT_SHARE,
            metavar='SHARE',
            help=f'the share of images for {split} if no folders are named '
            'train, val or test (default: %(default)s, as in training)',
        )
    add(
        '--images-by',
        choices=('link', 'copy'),
        default='link',
        help='whether to link or copy the images (default: %(default)s)',
    )
    add(
        '--overwrite',
        action='store_true',
        help='replace the output of an earlier run in --out',
    )
    add(
        '--batch-size',
        type=int,
        default=16,
        help='the number of images at a time (default: %(default)s)',
    )
    cli.add_boxes(parser)
    args = cli.read_arguments(parser)
    for name in ('batch_size', 'topk', 'max_boxes'):
        value = getattr(args, name)
        if value is not None and value < 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} must be at least 1, got {value}')
    if args.val_share + args.test_share > 1:
        parser.error('--val-share and --test-share add up to more than 1')
    if args.label and args.classes_from == 'folders':
        parser.error('--label and --classes-from folders exclude each other')
    args.format = list(dict.fromkeys(args.format))
    return args


def check_folders(args):
    """Refuse folders that are missing, or that would be overwritten."""
    images, out = Path(args.images), Path(args.out)
    if not images.is_dir():
        raise FileNotFoundError(f'there is no folder of images {images}')
    if out.resolve() in (images.resolve(), *images.resolve().parents):
        raise ValueError(
            f'--out {out} is the folder of images, or contains it. Give '
            'another folder with --out DIR.'
        )
    there = [name for name in args.format if (out / name).exists()]
    if there and not args.overwrite:
        raise FileExistsError(
            f'{out / there[0]} exists already. Replace it with --overwrite, '
            'or give another folder with --out DIR.'
        )


def settings_of(args, inferencer):
    """Collect all settings that the boxes in the store depend on."""
    from mmspg.evaluation.choices import weights_digest

    protocol = inferencer.protocol._asdict()
    del protocol['source']
    return dict(
        protocol,
        images=str(Path(args.images).resolve()),
        weights=weights_digest(inferencer.model.state_dict()),
        input_size=args.input_size,
        cfg_options=args.cfg_options,
        topk=args.topk,
        label=args.label,
    )


def open_store(args, inferencer):
    """Open the store, and refuse boxes made with other settings."""
    from mmspg.labeling.store import Store

    store = Store(args.out, args.images)
    settings = settings_of(args, inferencer)
    changed = store.changed(settings)
    if changed and not args.overwrite:
        name, (old, new) = next(iter(changed.items()))
        raise ValueError(
            f'the boxes in {args.out} were made with {name} {old}, and now it '
            f'is {new}. Make them again with --overwrite, or give another '
            'folder with --out DIR.'
        )
    store.begin(settings, anew=bool(changed))
    return store


def find_boxes(args, store, inferencer):
    from mmpretrain.utils import track

    from mmspg.labeling.walk import label_images

    done, total = store.number()
    if done:
        print(f'{done} of {total} images already have their boxes.')
    looked = label_images(
        store,
        inferencer,
        args.label,
        topk=args.topk,
        batch_size=args.batch_size,
    )
    for _ in track(looked, 'Labelling', total=total - done):
        pass


def write_sets(args, label_set):
    from mmspg.datasets.photographs.reading import position
    from mmspg.labeling.formats import FORMATS as WRITERS
    from mmspg.labeling.label_set import write
    from mmspg.labeling.lists import write_boxes, write_review

    out = Path(args.out)
    for name in args.format:
        write(label_set, out / name, WRITERS[name])
        print(f'Written: {out / name}')
    splits = label_set.splits
    if 'yolo' in args.format and splits and 'val' not in splits:
        # The least share that takes an image; see split_of.
        first = min(position(image.name) for image in label_set.images())
        share = floor(first * 100 + 1) / 100
        none = ' --test-share 0' * (share + args.test_share > 1)
        print(
            'No image is for val, which ultralytics needs. Draw some with '
            f'--overwrite --val-share {share}{none} or, if your '
            'folders are named train and test, add a folder val.'
        )
    write_boxes(label_set, out / 'boxes.csv')
    print(f'Written: {out / "boxes.csv"}')
    if args.review_below is not None:
        path = out / 'review.csv'
        number = write_review(label_set, path, args.review_below)
        print(f'Written: {path}, with {number} images to look at')


def tell(args, label_set, left_out, faults):
    """Print the numbers of images and boxes, and what was left out."""
    from mmspg.datasets.images.walk import describe
    from mmspg.evaluation.choices import sweep_command

    summary, names = label_set.summary, label_set.classes
    splits = ', '.join(
        f'{summary.images[split]} {split}' for split in label_set.splits
    )
    print(
        f'{summary.images.total()} images ({splits}), {summary.empty} of them '
        f'without a box; {summary.boxes.total()} boxes of '
        f'{len(summary.boxes)} of {len(names)} classes'
    )
    most = summary.boxes.most_common(10)
    for label, number in most:
        print(f'  {names[label]}: {number}')
    if len(summary.boxes) > len(most):
        print(f'  and {len(summary.boxes) - len(most)} more in boxes.csv')
    for reason, number in summary.left_out.items():
        print(f'Left out {number} boxes with {reason}')
    for line in describe(left_out):
        print(line)
    unreadable = {'unreadable, see above': [name for name, _ in faults]}
    for line in describe(unreadable):
        print(line, file=sys.stderr)
    if summary.boxes and not summary.calibrated:
        print(
            'The scores are class scores, which are not calibrated: a score '
            'of 0.9 does not mean that 9 of 10 such boxes are right.'
        )
        if args.checkpoint:
            print(
                'To calibrate them on images with boxes, run: '
                f'{sweep_command(args.checkpoint, args.config)}'
            )


def main():
    args = parse_args()
    with cli.errors_in_one_line(args):
        check_folders(args)
        from mmspg.apis import LocalizationInferencer
        from mmspg.labeling.label_set import LabelSet
        from mmspg.labeling.records import Limits
        from mmspg.labeling.walk import list_folder

        inferencer = LocalizationInferencer.from_arguments(args)
        store = open_store(args, inferencer)
        try:
            classes = inferencer.class_names
            left_out, notes = list_folder(
                store,
                classes,
                'model' if args.label else args.classes_from,
                (args.val_share, args.test_share),
                [args.out],
            )
            print(*notes, sep='\n', end='\n' if notes else '')
            find_boxes(args, store, inferencer)
            limits = Limits(args.min_score, args.min_area, args.max_boxes)
            label_set = LabelSet(store, classes, limits, args.images_by)
            write_sets(args, label_set)
            faults = store.faults()
            tell(args, label_set, left_out, faults)
        except KeyboardInterrupt:
            sys.exit('stopped; run the same command to continue from here')
        finally:
            store.close()
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
