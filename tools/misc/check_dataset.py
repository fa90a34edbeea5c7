"""Say what is wrong with a data set, how often and where.

    python tools/misc/check_dataset.py CONFIG --data-root DIR

reads the annotations and every image of the data sets of a config, as
training and testing will. It prints the number of faults of each kind, with
examples and what to do. The exit status is 1 if anything is wrong. A fault in
the format of an annotation file hides the faults behind it: correct it, and
run this again.
"""

import hashlib
import json
import os
import sys
from collections import Counter, defaultdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from mmspg.utils import command_line as cli

SPLITS = ('train', 'val', 'test')

# What is wrong, and what to do. The faults of boxes are those of
# mmspg.datasets.annotations.faults and have the same form.
UNREADABLE = (
    'An image cannot be read',
    "Fetch the file again, or train with broken_images='replace'.",
)
UNREAD = (
    'The annotations cannot be read',
    'Correct what the message names, and run this again.',
)
TWICE = ('An image is listed more than once', 'List every image once.')
NO_BOX = (
    'An image to test on has no box',
    'Give it a box, or remove it from the list of images.',
)
NO_MASK = (
    'A mask cannot be read',
    'Fetch the file again, or correct its line in localization.txt.',
)
EMPTY_MASK = (
    'An image has masks without a true pixel',
    'Masks must be white on black. Correct them, or remove the image from '
    'the list of images.',
)
ONE_CLASS = (
    'The data set has only one class, so the loss is 0 from the start',
    'Add a folder of images without the object as a second class.',
)
NAMES = ('The names of classes are wrong', 'Correct the list of classes.')
DIFFER = (
    'The classes are not those of train',
    'Convert both splits with one list of classes, or correct '
    'class_names.txt: labels are positions in it.',
)
NUMBER = (
    'The number of classes is not that of the model',
    'Add --cfg-options model.head.num_classes=NUMBER to the training.',
)
SHARED = (
    'An image is also in train',
    'Remove it from one of the splits: figures on it mean nothing.',
)

TWINS = (
    'Files of two classes or splits have the same content',
    'Keep only one of them, in the class and split that is right.',
)


def parse_args():
    parser = cli.tool_parser(__doc__)
    cli.add_shared(
        parser, 'config', '--data-root', '--workers', '--cfg-options'
    )
    add = parser.add_argument
    add(
        '--no-images',
        action='store_true',
        help='read only the annotations, which takes seconds, not minutes',
    )
    add(
        '--show',
        type=int,
        default=2,
        help='number of faults of each kind to print (default: %(default)s)',
    )
    add('--out', metavar='FILE.json', help='write all faults into this file')
    return cli.read_arguments(parser)


def datasets_of(cfg):
    """Give the dataset configs of the dataloaders, each once."""
    found = {}
    for split in SPLITS:
        loader = cfg.get(f'{split}_dataloader')
        if loader and loader.dataset not in found.values():
            found[split] = loader.dataset
    return found


def labels_of(samples):
    """List the classes of all images; an image may have several."""
    import numpy as np

    return np.hstack([sample['gt_label'] for sample in samples]).tolist()


def check_annotations(dataset, samples, faults):
    """Check all samples; a data set would stop at the first fault."""
    from mmspg.datasets.annotations.class_lists import faults_of_names
    from mmspg.datasets.annotations.faults import NO_IMAGE
    from mmspg.datasets.annotations.fitting import has_region

    for name, times in Counter(s['img_id'] for s in samples).items():
        if times > 1:
            faults[TWICE].append(name)
    classes = dataset.metainfo['classes']
    faults[NAMES] += faults_of_names(classes, dataset.NAMES_REPEAT)
    if dataset.test_mode:
        faults[NO_BOX] += [s['img_id'] for s in samples if not has_region(s)]
        return
    if not dataset.trains:
        return
    seen = set(labels_of(samples))
    faults[NO_IMAGE] += [
        f'{label} {name}'
        for label, name in enumerate(classes)
        if label not in seen
    ]
    if len(classes) == 1:
        faults[ONE_CLASS].append(classes[0])


def check_boxes(dataset, samples, no_images, faults):
    """Fit the boxes to the headers of the image files, as a test does."""
    from mmspg.datasets.annotations.faults import Refusal
    from mmspg.datasets.annotations.fitting import (
        check_masks,
        fit_samples,
        read_headers,
    )

    boxed = [sample for sample in samples if 'ori_gt_bboxes' in sample]
    headers = (
        [None] * len(boxed)
        if no_images
        else read_headers(boxed, dataset.backend_args)
    )
    found = dataset.faults
    try:
        if not no_images:
            check_masks(samples, found, dataset.grid)
        fit_samples(boxed, found, headers, dataset.grid, dataset.INCLUSIVE)
    except Refusal as refusal:
        found[refusal.kind] = refusal.places
    faults.update(found)


def check_masks_of(samples, faults):
    """Read all masks, as a test does."""
    from mmspg.evaluation.wsol.masks import read_mask

    for sample in samples:
        paths = sample.get('gt_mask_paths')
        if not paths:
            continue
        try:
            mask = read_mask(paths, sample.get('gt_ignore_path'))
        except ValueError as error:
            faults[NO_MASK].append(str(error))
        else:
            if not (mask == 1).any():
                faults[EMPTY_MASK].append(paths[0])


def look_at(sample, backend_args):
    """Read an image, and say what is wrong with it, or give None."""
    from mmspg.datasets.images.reading import UnreadableImageError, read_copy

    try:
        read_copy(sample['img_path'], backend_args=backend_args)
    except UnreadableImageError as error:
        return str(error)
    return None


def check_images(samples, workers, backend_args):
    """Read all images, and list what is wrong with them."""
    look = partial(look_at, backend_args=backend_args)
    if workers > 1:
        with get_context('spawn').Pool(workers) as pool:
            looks = pool.map(look, samples, chunksize=16)
    else:
        looks = map(look, samples)
    return [wrong for wrong in looks if wrong]


def tail(path):
    with open(path, 'rb') as file:
        file.seek(-min(os.path.getsize(path), 4096), os.SEEK_END)
        return file.read()


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).digest()


def find_twins(places):
    """List files with the same content, of ``{path: (split, labels)}``."""
    # Other images are drawn or in an archive, or check_images reports them.
    groups = [
        [p for p in places if os.path.isfile(p) and os.access(p, os.R_OK)]
    ]
    for feature in (os.path.getsize, tail, digest):  # the cheap ones first
        found = defaultdict(list)
        for number, group in enumerate(groups):
            for path in group:
                found[number, feature(path)].append(path)
        groups = [group for group in found.values() if len(group) > 1]
    return [
        ' and '.join(f'{path} ({places[path][0]})' for path in group)
        for group in groups
        if len({places[path] for path in group}) > 1
    ]


def check_split(dataset_cfg, args):
    """Check a data set; give a line about it, images, classes and faults.

    The images are ``{path: labels}``.
    """
    from mmspg.registry import DATASETS

    faults = defaultdict(list)
    try:
        dataset = DATASETS.build(dict(dataset_cfg, lazy_init=True))
        samples = dataset.load_samples()
    except (OSError, ValueError) as error:
        faults[UNREAD].append(str(error))
        return 'nothing to check', {}, None, faults
    images = Counter(labels_of(samples)).values()
    boxes = sum(len(sample.get('ori_gt_bboxes', ())) for sample in samples)
    classes = dataset.metainfo['classes']
    line = (
        f'{len(samples)} images, {len(classes)} classes'
        f' ({min(images, default=0)} to {max(images, default=0)} images in a '
        f'class), {boxes} boxes'
    )
    paths = {
        os.path.realpath(sample['img_path']): tuple(labels_of([sample]))
        for sample in samples
    }
    check_annotations(dataset, samples, faults)
    check_boxes(dataset, samples, args.no_images, faults)
    if not args.no_images:
        faults[UNREADABLE] += check_images(
            samples, args.workers, dataset.backend_args
        )
        check_masks_of(samples, faults)
    return line, paths, classes, faults


def show(faults, number):
    """Print faults by kind: how many, examples, and what to do."""
    from mmspg.datasets.annotations.faults import counted

    for (what, mend, *_), found in faults.items():
        print(f'  {counted(what, found)}:')
        for fault in found[:number]:
            print(f'    {fault}')
        if len(found) > number:
            print(f'    ... and {len(found) - number} more')
        print(f'    -> {mend}')


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmengine.registry import init_default_scope

    from mmspg.datasets import fit_to_photographs  # says what is missing
    from mmspg.datasets.annotations.class_lists import difference
    from mmspg.utils.cfg import load_config, set_data_root

    with cli.errors_in_one_line(args):
        cfg = load_config(args.config)
        if args.data_root:
            set_data_root(cfg, args.data_root)
        for line in fit_to_photographs(cfg):
            print(line)
        cli.apply_arguments(cfg, args)
    init_default_scope('mmpretrain')

    wanted = cfg.get('model', {}).get('head', {}).get('num_classes')
    report, trained_on, first = {}, {}, None
    number, told, places = 0, set(), {}
    splits = datasets_of(cfg)
    last = list(splits)[-1] if splits else None
    for split, dataset_cfg in splits.items():
        line, paths, classes, faults = check_split(dataset_cfg, args)
        if split == 'train':
            trained_on, first = paths, classes
        else:
            faults[SHARED] += sorted(paths.keys() & trained_on.keys())
        places = {p: (split, its) for p, its in paths.items()} | places
        if split == last and not args.no_images:
            faults[TWINS] += find_twins(places)
        if classes is not None and first is not None:
            other = difference(first, classes, 'train', split)
            faults[DIFFER] += [other] if other else []
        if classes is not None and wanted not in (None, len(classes)):
            faults[NUMBER].append(
                f'{len(classes)} classes, model.head.num_classes is {wanted}'
            )
        # Those of a file of all splits are told once.
        faults = {
            kind: [place for place in found if (kind, place) not in told]
            for kind, found in faults.items()
        }
        faults = {kind: found for kind, found in faults.items() if found}
        told |= {(k, place) for k, found in faults.items() for place in found}
        report[split] = {kind[0]: found for kind, found in faults.items()}
        number += sum(
            len(found) for kind, found in faults.items() if kind[2:] != (True,)
        )
        print(f'{split} ({dataset_cfg.type}): {line}')
        show(faults, args.show)
    if args.out:
        text = json.dumps(report, indent=2, ensure_ascii=False)
        Path(args.out).write_text(text + '\n', encoding='utf-8')
    plural = 's' if number > 1 else ''
    print(f'{number} fault{plural}' if number else 'nothing is wrong')
    sys.exit(1 if number else 0)


if __name__ == '__main__':
    main()
