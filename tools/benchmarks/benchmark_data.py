r"""Images/s that one core loads, step by step, and what makes it quicker.

    python tools/benchmarks/benchmark_data.py
    python tools/benchmarks/benchmark_data.py CONFIG --data-root DIR

reads photographs through the training pipeline of a config: as they are
stored, by other decoders, as resized copies, and out of an LMDB database.
Beside it, torchvision's transforms (v2) of tensors do the same: decode,
resize with antialiasing, crop and flip.
Without a data root the photographs are drawn: 500 x 375 pixels (or --size) of
noise with the spectrum of natural images, as JPEG of about ImageNet's size.
The variants take turns in each round; a step's time is the median of the
rounds' means, of CPU time, so that other programs on the machine do not count.
`differs` is the mean difference of the resized pixels to the first row's, in
grey levels, and `to v2` is the time to that of torchvision.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from photographs import (
    REFERENCE,
    ROOT,
    Variant,
    draw_photographs,
    link_photographs,
    prepare,
)

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before NumPy and OpenCV
STEPS = ('read', 'decode', 'resize', 'rest')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'config',
        nargs='?',
        default=str(ROOT / 'configs/spg_inceptionv3_imagenet.py'),
        help='whose training pipeline is timed (%(default)s)',
    )
    add('--data-root', help='photographs of the config; else they are drawn')
    add('--num', type=int, default=200, help='photographs (%(default)s)')
    add(
        '--size',
        type=int,
        nargs=2,
        default=[500, 375],
        metavar=('W', 'H'),
        help='of drawn photographs (500 375)',
    )
    add('--rounds', type=int, default=5, help='timed rounds (%(default)s)')
    add(
        '--rates',
        type=int,
        nargs='+',
        default=[250, 1000, 4000],
        help='images/s that a GPU takes, for the cores needed (%(default)s)',
    )
    add('--workers', type=int, default=1, help='workers of a DataLoader')
    args = parser.parse_args()
    numbers = (args.num, *args.size, args.rounds, args.workers, *args.rates)
    if min(numbers) < 1:
        parser.error('all numbers must be at least 1')
    return args


def split(transforms, variant: Variant):
    """Split transforms after the resize, which is as the variant has it."""
    from copy import copy

    from mmspg.datasets import LocResize, LocResizeEdge

    loader, *others = transforms
    resizes, rest = [], []
    for transform in others:
        if isinstance(transform, (LocResize, LocResizeEdge)):
            transform = copy(transform)
            if variant.backend:
                transform.backend = variant.backend
            resizes.append(transform)
        else:
            rest.append(transform)
    return loader, resizes, rest


def run_round(variant: Variant, names, transforms, sizes: list):
    """Load all photographs once: ms an image of each step, and pixels."""
    from mmengine import fileio

    loader, resizes, rest = split(transforms, variant)
    spent, resized = dict.fromkeys(STEPS, 0.0), []
    for name in names:
        path = str(variant.root / name)
        marks = [time.thread_time()]
        content = fileio.get(path, backend_args=variant.backend_args)
        marks.append(time.thread_time())
        img = variant.decode(content)
        marks.append(time.thread_time())
        results = loader(dict(img_path=path, img_id=name, gt_label=0, img=img))
        for transform in resizes:
            results = transform(results)
        marks.append(time.thread_time())
        resized.append(results['img'])
        for transform in rest:
            results = transform(results)
        marks.append(time.thread_time())
        sizes.append(len(content))
        for step, (begin, end) in zip(STEPS, pairwise(marks), strict=True):
            spent[step] += 1000 * (end - begin) / len(names)
    return spent, resized


def run_reference(variant: Variant, names, transforms, sizes: list):
    """Load all photographs by torchvision; returns as `run_round` does."""
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms import v2

    _, (resize, *_), rest = split(transforms, variant)
    size = resize.scale
    shrink = v2.Resize(size[::-1] if isinstance(size, tuple) else size)
    crops = [
        v2.RandomCrop(t.crop_size) for t in rest if hasattr(t, 'crop_size')
    ]
    others = v2.Compose([*crops, v2.RandomHorizontalFlip()])
    spent, resized = dict.fromkeys(STEPS, 0.0), []
    for name in names:
        marks = [time.thread_time()]
        content = read_file(str(variant.root / name))
        marks.append(time.thread_time())
        img = decode_jpeg(content, ImageReadMode.RGB)
        marks.append(time.thread_time())
        img = shrink(img)
        marks.append(time.thread_time())
        others(img)
        marks.append(time.thread_time())
        resized.append(img.flip(0).permute(1, 2, 0).numpy())  # B, G, R
        sizes.append(len(content))
        for step, (begin, end) in zip(STEPS, pairwise(marks), strict=True):
            spent[step] += 1000 * (end - begin) / len(names)
    return spent, resized


def compare(variants, names, transforms, rounds):
    """Time the variants in turns; rows of ms, KB a file and difference."""
    import numpy as np

    times = {variant.name: [] for variant in variants}
    extra, first = {}, None
    for number in range(rounds + 1):
        for variant in variants:
            sizes = []
            run = run_round if variant.decode else run_reference
            spent, resized = run(variant, names, transforms, sizes)
            if number:  # the first round warms up
                times[variant.name].append(spent)
                continue
            first = first or resized
            difference = [
                np.abs(a.astype(np.int16) - b).mean()
                for a, b in zip(resized, first, strict=True)
            ]
            extra[variant.name] = (
                np.mean(sizes) / 1000,
                float(np.mean(difference)),
            )
    rows = {}
    for name, some in times.items():
        steps = [statistics.median(t[step] for t in some) for step in STEPS]
        total = statistics.median(sum(t.values()) for t in some)
        rows[name] = (*steps, total, *extra[name])
    return rows


def report(rows, args):
    """Print the table, and the cores that GPUs need."""
    print(f'\n{"ms an image":32s}', end='')
    for title in (*STEPS, 'sum', 'img/s', 'ratio', 'to v2', 'KB', 'differs'):
        print(f'{title:>8s}', end='')
    base = next(iter(rows.values()))[len(STEPS)]
    reference = rows.get(REFERENCE, [float('nan')] * 5)[len(STEPS)]
    for name, (*steps, total, size, difference) in rows.items():
        figures = ''.join(f'{ms:8.3f}' for ms in (*steps, total))
        print(
            f'\n{name:32s}{figures}{1000 / total:8.0f}{base / total:8.2f}'
            f'{total / reference:8.2f}{size:8.1f}{difference:8.2f}',
            end='',
        )
    print('\n\ncores that keep GPUs busy     ', end='')
    gpus = (1, 8, 64)
    for rate in args.rates:
        for number in gpus:
            print(f'{f"{number} x {rate}/s":>12s}', end='')
    for name, row in rows.items():
        print(f'\n{name:30s}', end='')
        for rate in args.rates:
            for number in gpus:
                print(f'{number * rate * row[4] / 1000:12.1f}', end='')
    print()


class Files:
    """The photographs as a dataset, through the whole pipeline."""

    def __init__(self, root, names, transforms):
        self.root, self.names, self.transforms = root, names, transforms

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        name = self.names[index]
        path = str(self.root / name)
        results = dict(img_path=path, img_id=name, gt_label=0)
        for transform in self.transforms:
            results = transform(results)
        return results


def time_loader(folder: Path, names, transforms, args):
    """Load all four times through a DataLoader; images/s of the clock."""
    from mmengine.dataset import default_collate
    from torch.utils.data import ConcatDataset, DataLoader

    for what, form in (('stored', 'stored'), ('copies', 'jpeg')):
        files = Files(folder / form, names, transforms)
        loader = DataLoader(
            ConcatDataset([files] * 4),
            batch_size=min(32, len(names)),
            num_workers=args.workers,
            collate_fn=default_collate,
        )
        done = 0
        for i, batch in enumerate(loader):
            if i == 0:  # the workers have started
                begin = time.perf_counter()
            else:
                done += len(batch['inputs'])
        rate = done / (time.perf_counter() - begin)
        print(
            f'DataLoader, {args.workers} workers, {what}: {rate:.0f} images/s '
            f'by the clock, {rate / args.workers:.0f} a worker'
        )


def main():
    args = parse_args()
    import cv2
    import PIL
    from mmengine.registry import init_default_scope

    import mmspg.datasets  # noqa: F401  says what is missing
    from mmspg.registry import TRANSFORMS
    from mmspg.utils.cfg import load_config
    from mmspg.utils.freed_memory import keep_freed_memory

    keep_freed_memory()  # as all tools do
    cv2.setNumThreads(1)
    try:
        cfg = load_config(args.config)
    except FileNotFoundError as error:
        sys.exit(f'benchmark_data.py: {error}')
    init_default_scope('mmpretrain')
    transforms = [
        TRANSFORMS.build(step)
        for step in cfg.train_dataloader.dataset.pipeline
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / 'stored').mkdir()
        if args.data_root:
            names = link_photographs(cfg, folder / 'stored', args)
        else:
            names = draw_photographs(
                folder / 'stored', args.num, tuple(args.size)
            )
        print(
            f'{len(names)} photographs, {args.data_root or "drawn"}; '
            f'pipeline of {Path(args.config).name}; one thread; '
            f'Pillow {PIL.__version__}, OpenCV {cv2.__version__}'
        )
        variants = prepare(folder, names, transforms)
        report(compare(variants, names, transforms, args.rounds), args)
        time_loader(folder, names, transforms, args)


if __name__ == '__main__':
    sys.path.insert(0, str(ROOT))
    main()
