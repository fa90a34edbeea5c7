"""Label a folder of images: from a model of classes to a set with boxes.

python tools/labeling/label_images.py IMAGES [CHECKPOINT] --format coco yolo

finds the object of every image in a folder and writes a whole data set in
each format: images, class names, splits, and every box with its score. A
second run with the same --out goes on where the first was interrupted. Without
a checkpoint, a model of the 1000 classes of ImageNet is taken.
"""

import sys
from pathlib import Path

from mmspg.utils import command_line as cli

FORMATS = ('coco', 'yolo', 'voc', 'labelstudio', 'cvat')
DEFAULT_SHARE = 0.15  # of val and of test, as in a training


def share(text):
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    add('images', help='folder of images')
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
        help='folder to write to (default: %(default)s)',
    )
    add(
        '--classes-from',
        choices=('auto', 'folders', 'model'),
        default='auto',
        help='the class of a box: that of the folder of the image, or the one '
        'that the model predicts (default: folders, if the names of all '
        'folders are classes of the model)',
    )
    add(
        '--min-score',
        type=share,
        default=0.0,
        help='leave boxes of a lower score out, in [0, 1]',
    )
    add(
        '--min-area',
        type=share,
        default=0.0,
        metavar='SHARE',
        help='leave boxes out that cover less of the image, in [0, 1]',
    )
    add('--max-boxes', type=int, help='keep the surest boxes of an image')
    add(
        '--review-below',
        type=share,
        metavar='SCORE',
        help='list the images with a box of a lower score, or without a box, '
        'in review.csv, the most doubtful first',
    )
    for split in ('val', 'test'):
        add(
            f'--{split}-share',
            type=share,
            default=DEFAULT_SHARE,
            metavar='SHARE',
            help=f'part of the images for {split}, where no folders are named '
            'train, val or test (default: %(default)s, as in a training)',
        )
    add(
        '--images-by',
        choices=('link', 'copy'),
        default='link',
        help='link to the images, or copy them (default: %(default)s)',
    )
    add(
        '--overwrite',
        action='store_true',
        help='replace what an earlier run has written to --out',
    )
    add('--batch-size', type=int, default=16, help='images at a time')
    cli.add_boxes(parser)
    args = cli.read_arguments(parser)
    for name in ('batch_size', 'topk', 'max_boxes'):
        value = getattr(args, name)
        if value is not None and value < 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} must be at least 1, got {value}')
    if args.val_share + args.test_share > 1:
        parser.error('--val-share and --test-share are more than 1 together')
    if args.label and args.classes_from == 'folders':
        parser.error('--label and --classes-from folders exclude each other')
    args.format = list(dict.fromkeys(args.format))
    return args


def check_folders(args):
    """Refuse folders that are not there, or would be written into."""
    images, out = Path(args.images), Path(args.out)
    if not images.is_dir():
        raise FileNotFoundError(f'there is no folder of images {images}')
    if out.resolve() in (images.resolve(), *images.resolve().parents):
        raise ValueError(
            f'--out {out} is the folder of the images, or one above it: '
            'choose another one'
        )
    there = [name for name in args.format if (out / name).exists()]
    if there and not args.overwrite:
        raise FileExistsError(
            f'{out / there[0]} is there already. To replace it, add '
            '--overwrite, or write to another folder: --out DIR'
        )


def settings_of(args, inferencer):
    """What the boxes in the store depend on."""
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
    """Go on with what there is, or refuse it."""
    from mmspg.labeling.store import Store

    store = Store(args.out, args.images)
    settings = settings_of(args, inferencer)
    changed = store.changed(settings)
    if changed and not args.overwrite:
        name, (old, new) = next(iter(changed.items()))
        raise ValueError(
            f'{args.out} has boxes that were made with {name} {old}, and now '
            f'it is {new}. To make them anew, add --overwrite, or write to '
            'another folder: --out DIR'
        )
    store.begin(settings, anew=bool(changed))
    return store


def find_boxes(args, store, inferencer):
    from mmpretrain.utils import track

    from mmspg.labeling.walk import label_images

    done, total = store.number()
    if done:
        print(f'{done} of {total} images have their boxes already.')
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
    from mmspg.labeling.formats import FORMATS as WRITERS
    from mmspg.labeling.label_set import write
    from mmspg.labeling.lists import write_boxes, write_review

    out = Path(args.out)
    for name in args.format:
        write(label_set, out / name, WRITERS[name])
        print(f'written: {out / name}')
    if 'yolo' in args.format and 'val' not in label_set.splits:
        print(
            'No image is for val, which ultralytics asks for in data.yaml: '
            '--val-share 0.15 draws some.'
        )
    write_boxes(label_set, out / 'boxes.csv')
    print(f'written: {out / "boxes.csv"}')
    if args.review_below is not None:
        path = out / 'review.csv'
        number = write_review(label_set, path, args.review_below)
        print(f'written: {path}, {number} images to look at')


def tell(args, label_set, left_out, faults):
    """Print what there is, and what was left out and why."""
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
        print(f'  and {len(summary.boxes) - len(most)} more: boxes.csv')
    for reason, number in summary.left_out.items():
        print(f'left out, boxes with {reason}: {number}')
    for line in describe(left_out):
        print(line)
    for name, fault in faults:
        print(f'not read: {name}: {fault}', file=sys.stderr)
    if summary.boxes and not summary.calibrated:
        print(
            'Scores are class scores. They are not calibrated: a score of .9 '
            'does not mean that 9 of 10 boxes are right. Images with boxes '
            f'calibrate them: {sweep_command(args.checkpoint or "CHECKPOINT")}'
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
            sys.exit('stopped: the same command goes on from here')
        finally:
            store.close()
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
