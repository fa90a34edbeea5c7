r"""Images/s that one core loads, step by step, and what makes it quicker.

    python tools/benchmarks/benchmark_data.py
    python tools/benchmarks/benchmark_data.py CONFIG --data-root DIR

reads photographs through the training pipeline of a config: as they are
stored, by other decoders, as resized copies, and out of an LMDB database.
Without a data root the photographs are drawn: 500 x 375 pixels of noise with
the spectrum of natural images, as JPEG of about ImageNet's size. The variants
take turns in each round; a step's time is the median of the rounds' means, of
CPU time, so that other programs on the machine do not count. `differs` is the
mean difference of the resized pixels to the first row's, in grey levels.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before NumPy and OpenCV
ROOT = Path(__file__).resolve().parents[2]
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
    add('--rounds', type=int, default=5, help='after one more (%(default)s)')
    add(
        '--rates',
        type=int,
        nargs='+',
        default=[250, 1000, 4000],
        help='images/s that a GPU takes, for the cores needed (%(default)s)',
    )
    add('--workers', type=int, default=1, help='of the DataLoader at the end')
    args = parser.parse_args()
    if min(args.num, args.rounds, args.workers, *args.rates) < 1:
        parser.error('all numbers must be at least 1')
    return args


class Variant(NamedTuple):
    """A way from a file to pixels.

    ``root`` holds the files; ``backend_args`` is as of the loader;
    ``decode`` takes bytes; ``backend`` is of the resize, None the config's.
    """

    name: str
    root: Path
    decode: Callable
    backend_args: dict = None
    backend: str = None


def draw_photographs(folder: Path, number: int) -> list[str]:
    """Draw noise whose amplitude falls with the frequency, as JPEG."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    w, h = 500, 375
    y, x = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None]
    slope = 1 / np.maximum(np.hypot(y, x), 1 / w) ** 1.2
    names = [f'{i:05d}.JPEG' for i in range(number)]
    for name in names:
        planes = []
        # Grey varies most, colours little, as in photographs.
        for contrast in (45, 12, 12):
            noise = np.fft.rfft2(rng.normal(size=(h, w))) * slope
            plane = np.fft.irfft2(noise, (h, w))
            planes.append(128 + contrast * plane / plane.std())
        pixels = np.stack(planes, axis=-1).clip(0, 255).astype(np.uint8)
        img = Image.fromarray(pixels, 'YCbCr').convert('RGB')
        img.save(folder / name, quality=95)
    return names


def link_photographs(cfg, folder: Path, args) -> list[str]:
    """Link some photographs of a data set, evenly spread, by number."""
    from mmspg.registry import DATASETS
    from mmspg.utils.cfg import set_data_root

    set_data_root(cfg, args.data_root)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    number = min(args.num, len(dataset))
    names = []
    for i in range(number):
        path = dataset.get_data_info(i * len(dataset) // number)['img_path']
        names.append(f'{i:05d}{Path(path).suffix}')
        (folder / names[-1]).symlink_to(Path(path).resolve())
    return names


def decoders():
    """Decoders by name; instead of those not there a line that says so."""
    import cv2
    import numpy as np

    from mmspg.datasets.images import decode_copy
    from mmspg.datasets.turbo import get_turbo

    def opencv(flags):
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
        return lambda data: cv2.imdecode(np.frombuffer(data, np.uint8), flags)

    found = {
        'Pillow': lambda data: decode_copy(data, '')[0],
        'OpenCV': opencv(cv2.IMREAD_COLOR),
        'OpenCV at half size': opencv(cv2.IMREAD_REDUCED_COLOR_2),
    }
    try:
        get_turbo()
        found['turbo JPEG'] = lambda data: decode_copy(
            data, '', decoder='turbojpeg'
        )[0]
    except ImportError as error:
        print(f'left out, turbo JPEG: {error}')
    return found


def size_options(transforms) -> dict:
    """Settings of `resize_images.py` that suit a pipeline."""
    from mmspg.datasets import LocResize, LocResizeEdge

    for transform in transforms:
        if isinstance(transform, LocResizeEdge):
            return dict(short_side=transform.scale)
        if isinstance(transform, LocResize):
            return dict(size=list(transform.scale))
    sys.exit('the pipeline has no mmspg.LocResize or mmspg.LocResizeEdge')


def prepare(folder: Path, names, transforms) -> list[Variant]:
    """Write copies and databases; list what is compared."""
    sys.path.insert(0, str(ROOT / 'tools/dataset_converters'))
    import pack_lmdb
    import resize_images

    stored, decode = folder / 'stored', decoders()
    variants = [Variant('stored, Pillow', stored, decode['Pillow'])]
    for name in list(decode)[1:]:
        variants.append(Variant(f'stored, {name}', stored, decode[name]))
    variants.append(
        Variant(
            'stored, OpenCV, and its resize',
            stored,
            decode['OpenCV'],
            backend='cv2',
        )
    )
    forms = dict(
        jpeg=('copies', dict(format='jpeg', quality=95)),
        png=('PNG copies', dict(format='png')),
    )
    for form, (what, settings) in forms.items():
        settings.update(size_options(transforms))
        for name in names:
            resize_images.convert(name, stored, folder / form, settings)
        root = folder / form
        variants.append(Variant(f'{what}, Pillow', root, decode['Pillow']))
        if form == 'jpeg' and 'turbo JPEG' in decode:
            turbo = decode['turbo JPEG']
            variants.append(Variant(f'{what}, turbo JPEG', root, turbo))
    try:
        import lmdb  # noqa: F401
    except ImportError:
        print('left out, LMDB: pip install "mmspg[lmdb]"')
        return variants
    for what, root in (('stored', stored), ('copies', folder / 'jpeg')):
        pack_lmdb.pack(root, names, root / 'images.lmdb')
        backend = dict(backend='mmspg_lmdb', data_root=str(root))
        name = f'{what} in LMDB, Pillow'
        variants.append(Variant(name, root, decode['Pillow'], backend))
    return variants


def split(transforms, variant: Variant):
    """Transforms up to the resize, as of a variant, and after it."""
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


def compare(variants, names, transforms, rounds):
    """Time the variants in turns; rows of ms, KB a file and difference."""
    import numpy as np

    times = {variant.name: [] for variant in variants}
    extra, first = {}, None
    for number in range(rounds + 1):
        for variant in variants:
            sizes = []
            spent, resized = run_round(variant, names, transforms, sizes)
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
    for title in (*STEPS, 'sum', 'img/s', 'ratio', 'KB', 'differs'):
        print(f'{title:>8s}', end='')
    base = next(iter(rows.values()))[len(STEPS)]
    for name, (*steps, total, size, difference) in rows.items():
        figures = ''.join(f'{ms:8.3f}' for ms in (*steps, total))
        print(
            f'\n{name:32s}{figures}{1000 / total:8.0f}{base / total:8.2f}'
            f'{size:8.1f}{difference:8.2f}',
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
            names = draw_photographs(folder / 'stored', args.num)
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
