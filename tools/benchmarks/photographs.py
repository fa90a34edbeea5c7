"""Photographs, drawn or of a data set, and the ways to load them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = "torchvision's v2, tensors"


class Variant(NamedTuple):
    """A way from a file to pixels.

    ``root`` holds the files; ``backend_args`` is the loader's;
    ``decode`` takes bytes; ``backend`` is of the resize, None the config's.
    Without ``decode`` torchvision's transforms of tensors do it all.
    """

    name: str
    root: Path
    decode: Callable | None
    backend_args: dict = None
    backend: str = None


def draw_photographs(
    folder: Path, number: int, size: tuple[int, int] = (500, 375)
) -> list[str]:
    """Draw noise whose amplitude falls with the frequency, as JPEG."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    w, h = size
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
    """Decoders by name."""
    import cv2
    import numpy as np

    from mmspg.datasets.images.reading import decode_copy

    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return {
        'Pillow': lambda data: decode_copy(data, '')[0],
        'OpenCV': lambda data: decode_copy(data, '', decoder='opencv')[0],
        'OpenCV unchecked': lambda data: cv2.imdecode(
            np.frombuffer(data, np.uint8), flags
        ),
        # 512 is twice the side of the default config's resize.
        'Pillow, min_side=512': lambda data: decode_copy(
            data, '', min_side=512
        )[0],
    }


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
            decode['OpenCV unchecked'],
            backend='cv2',
        )
    )
    for name in ('Pillow', 'OpenCV'):
        what = f'stored, {name}, torch resize'
        variants.append(Variant(what, stored, decode[name], None, 'torch'))
    variants.append(Variant(REFERENCE, stored, None))
    forms = dict(
        jpeg=('copies', dict(format='jpeg', quality=95)),
        png=('PNG copies', dict(format='png')),
    )
    for form, (what, settings) in forms.items():
        settings.update(size_options(transforms))
        for name in names:
            resize_images.convert(
                (name, True), stored, folder / form, settings
            )
        root = folder / form
        for name in ('Pillow', 'OpenCV')[: 2 if form == 'jpeg' else 1]:
            variants.append(Variant(f'{what}, {name}', root, decode[name]))
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
