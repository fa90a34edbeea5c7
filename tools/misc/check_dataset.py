"""Say what is wrong with a data set: what, how many, where.

    python tools/misc/check_dataset.py CONFIG --data-root DIR

reads the annotations and every image of the data sets of a config, as
training and testing will. The exit status is 1 if anything is wrong. A fault
in the format of an annotation file hides those behind it: mend it, and run
this again.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from multiprocessing import get_context
from pathlib import Path

SPLITS = ('train', 'val', 'test')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='config file')
    add(
        '--data-root',
        default=os.environ.get('MMSPG_DATA_ROOT'),
        help='folder of the data set (or MMSPG_DATA_ROOT)',
    )
    add(
        '--no-images',
        action='store_true',
        help='read the annotations only: seconds instead of minutes',
    )
    add('--workers', type=int, default=1, help='processes (%(default)s)')
    add('--show', type=int, default=5, help='faults of a kind (%(default)s)')
    add('--out', metavar='FILE.json', help='write all faults')
    add('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    args = parser.parse_args()
    if args.workers < 1:
        parser.error('--workers must be at least 1')
    return args


def datasets_of(cfg):
    """Give the dataset configs of the dataloaders, each once."""
    found = {}
    for split in SPLITS:
        loader = cfg.get(f'{split}_dataloader')
        if loader and loader.dataset not in found.values():
            found[split] = loader.dataset
    return found


def check_annotations(dataset, samples, faults):
    """Look at all samples, where the data set stops at the first fault."""
    from mmspg.datasets.base import HAS_REGION
    from mmspg.datasets.boxes import check_boxes

    for name, times in Counter(s['img_id'] for s in samples).items():
        if times > 1:
            faults['image is listed more than once'].append(name)
    for sample in samples:
        if dataset.test_mode and not any(key in sample for key in HAS_REGION):
            faults['image to test on has no box'].append(sample['img_id'])
        if 'ori_gt_bboxes' in sample and 'ann_size' in sample:
            check_each(check_boxes, sample, sample['ann_size'], faults)
    classes = dataset.metainfo['classes']
    seen = Counter(sample['gt_label'] for sample in samples)
    if not dataset.test_mode:
        faults['class has no image to train on'] += [
            f'{label} {name}'
            for label, name in enumerate(classes)
            if label not in seen
        ]
    for name, times in Counter(classes).items():
        if times > 1:
            faults['classes have the same name'].append(name)


def check_each(check_boxes, sample, size, faults):
    """Check the boxes of a sample one by one."""
    places = sample.get('ann_source') or [sample['img_id']]
    for i, box in enumerate(sample['ori_gt_bboxes']):
        place = places[min(i, len(places) - 1)]
        try:
            check_boxes(box[None], size, [place], sample['img_id'])
        except ValueError as error:
            faults['box is empty or outside of its image'].append(str(error))


def look_at(sample):
    """Read an image: ``(size or None, what is wrong or None)``."""
    from mmspg.datasets.images import UnreadableImageError, read_copy

    try:
        _, size = read_copy(sample['img_path'])
    except UnreadableImageError as error:
        return None, str(error)
    return size, None


def check_images(samples, workers, faults):
    """Read all images; compare sizes, and boxes where they had none."""
    from mmspg.datasets.boxes import check_boxes

    if workers > 1:
        with get_context('spawn').Pool(workers) as pool:
            looks = pool.map(look_at, samples, chunksize=16)
    else:
        looks = map(look_at, samples)
    for sample, (size, wrong) in zip(samples, looks, strict=True):
        annotated = sample.get('ann_size')
        if wrong:
            faults['image cannot be read'].append(wrong)
        elif annotated and tuple(annotated) != size:
            faults['image has not the annotated size'].append(
                f'{sample["img_path"]}: {size[0]} x {size[1]} (width x '
                f'height), annotated {annotated[0]} x {annotated[1]}'
            )
        elif not annotated and 'ori_gt_bboxes' in sample:
            check_each(check_boxes, sample, size, faults)


def check_split(dataset_cfg, args):
    """Check a data set: a line about it, its image ids, and its faults."""
    from mmspg.registry import DATASETS

    faults = defaultdict(list)
    try:
        dataset = DATASETS.build(dict(dataset_cfg, lazy_init=True))
        samples = dataset.load_samples()
    except (OSError, ValueError) as error:
        faults['annotations cannot be read'].append(str(error))
        return 'nothing to check', set(), faults
    check_annotations(dataset, samples, faults)
    if not args.no_images:
        check_images(samples, args.workers, faults)
    images = Counter(sample['gt_label'] for sample in samples).values()
    boxes = sum(len(sample.get('ori_gt_bboxes', ())) for sample in samples)
    line = (
        f'{len(samples)} images, {len(dataset.metainfo["classes"])} classes'
        f' ({min(images, default=0)} to {max(images, default=0)} images a '
        f'class), {boxes} boxes'
    )
    paths = {os.path.realpath(sample['img_path']) for sample in samples}
    return line, paths, faults


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmengine.registry import init_default_scope

    import mmspg.datasets  # noqa: F401  says what is missing
    from mmspg.utils import cfg as change

    try:
        cfg = change.load_config(args.config)
    except FileNotFoundError as error:
        sys.exit(f'check_dataset.py: {error}')
    if args.data_root:
        change.set_data_root(cfg, args.data_root)
    cfg.merge_from_dict(change.parse_options(args.cfg_options))
    init_default_scope('mmpretrain')

    report, trained_on = {}, set()
    for split, dataset_cfg in datasets_of(cfg).items():
        line, paths, faults = check_split(dataset_cfg, args)
        if split == 'train':
            trained_on = paths
        faults['image is in train, too'] += sorted(
            paths & trained_on if split != 'train' else ()
        )
        faults = {what: found for what, found in faults.items() if found}
        report[split] = faults
        print(f'{split} ({dataset_cfg.type}): {line}')
        for what, found in faults.items():
            print(f'  {what}: {len(found)}')
            for fault in found[: args.show]:
                print(f'    {fault}')
            if len(found) > args.show:
                print(f'    ... and {len(found) - args.show} more')
    if args.out:
        text = json.dumps(report, indent=2, ensure_ascii=False)
        Path(args.out).write_text(text + '\n', encoding='utf-8')
    number = sum(
        len(found) for some in report.values() for found in some.values()
    )
    print(f'{number} faults' if number else 'nothing is wrong')
    sys.exit(1 if number else 0)


if __name__ == '__main__':
    main()
