"""Read and write score maps, compact or as the WSOL benchmark does."""

import os.path as osp
from pathlib import Path, PurePosixPath

import numpy as np

from ..functional import apply_steps, is_flat, min_max
from .grid import SIDE, on_wsol_grid, wsol_score_map

LEVELS = 65535
LARGEST = 2**28  # bytes of all arrays in a file, which may hold them packed
LARGEST_MAP = 2**24  # pixels
KINDS = dict(i='integers', u='integers without a sign', f='floats')
# Kinds of numbers and shape; a letter is one size wherever it comes.
FIELDS = dict(
    levels=('u', ('K', 'h', 'w')),
    low=('f', ('K',)),
    high=('f', ('K',)),
    labels=('iu', ('K',)),
    gt_label=('iu', ()),
    ori_shape=('iu', ('n',)),
    img_shape=('iu', ('m',)),
    homography=('fiu', (3, 3)),
)
OPTIONAL = ('ori_shape', 'img_shape', 'homography')  # where the map lies


def map_path(folder, image, suffix):
    """Give the path of an image's score map, ``folder/image`` + suffix.

    Raises:
        ValueError: The name leads out of the folder.
    """
    parts = PurePosixPath(image).parts
    if not parts or parts[0] == '/' or '..' in parts or '\\' in image:
        raise ValueError(
            f'image {image!r}: expected a path below the image root, with '
            "'/' and without '..'"
        )
    return Path(folder, *parts[:-1], parts[-1] + suffix)


def write_compact(path, maps, labels, sample):
    """Write maps at feature resolution with 16 bits for each pixel.

    Each map has 65,536 levels between its minimum and maximum. Boxes depend
    on the min-max normalised map, so they move less than with half precision
    floats.

    Args:
        path (Path): The .npz file.
        maps (array): ``(K, h, w)``, raw.
        labels (array): ``(K,)``, their classes.
        sample (dict): It has ``gt_label`` int, and may have ``ori_shape``,
            ``img_shape`` and ``homography``.
    """
    maps = np.asarray(maps, np.float32)
    low = maps.min(axis=(1, 2))
    high = maps.max(axis=(1, 2))
    levels = np.stack([min_max(one) for one in maps])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        levels=np.rint(levels * LEVELS).astype(np.uint16),
        low=low,
        high=high,
        labels=np.asarray(labels, np.int32),
        **sample,
    )


def _arrays(path):
    """Read an .npz file of `write_compact`, or say what is wrong with it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            size = sum(entry.file_size for entry in file.zip.infolist())
            if size > LARGEST:
                raise ValueError(f'it holds {size} bytes, over {LARGEST}')
            found = {name: file[name] for name in FIELDS if name in file}
        needed = set(FIELDS)
        if 'homography' not in found:
            needed -= set(OPTIONAL)
        missing = needed - set(found)
        if missing:
            raise ValueError(f'it lacks {sorted(missing)}')
        sizes = {}
        for name, array in found.items():
            _check_field(name, array, *FIELDS[name], sizes)
        return found
    except Exception as error:  # NumPy and zipfile raise anything
        kind = '' if isinstance(error, ValueError) else type(error).__name__
        raise ValueError(
            f'{path}: not a file of tools/test.py --dump-score-maps '
            f'({kind}{": " if kind else ""}{error})'
        ) from error


def _check_field(name, array, kinds, shape, sizes):
    """Refuse an array of another type or shape, or numbers beyond sense."""
    wanted = tuple(sizes.get(size, size) for size in shape)
    fits = len(wanted) == array.ndim and all(
        isinstance(size, str) or size == got
        for size, got in zip(wanted, array.shape, strict=True)
    )
    if not fits or not array.size or array.dtype.kind not in kinds:
        raise ValueError(
            f'{name} is {array.dtype} of shape {array.shape}, and '
            f'{" or ".join(KINDS[kind] for kind in kinds)} of shape {wanted} '
            'was expected'
        )
    sizes.update(zip(shape, array.shape, strict=True))
    if name == 'levels' and array[0].size > LARGEST_MAP:
        raise ValueError(f'a map has more than {LARGEST_MAP} pixels')
    if name.endswith('shape') and not (
        len(array) >= 2 and 1 <= array.min() and array.max() <= 10**6
    ):
        raise ValueError(f'{name} is {array.tolist()}')
    if name == 'homography' and not (
        np.abs(array).max() <= 10**9
        and np.linalg.cond(array.astype(float)) < 1e15
    ):
        raise ValueError(f'{name} is {array.tolist()}')


def read_compact(path, label=None):
    """Read a map that `write_compact` wrote.

    Args:
        path (Path): The .npz file.
        label (int, optional): The class. None: the ground truth.

    Returns:
        tuple[ndarray, dict]: The map ``(h, w)`` float32, and the sample.

    Raises:
        ValueError: The file is of another kind, or has no map of the class.
    """
    file = _arrays(path)
    sample = {key: file[key] for key in OPTIONAL if key in file}
    label = int(file['gt_label']) if label is None else label
    found = np.flatnonzero(file['labels'] == label)
    if not found.size:
        raise ValueError(
            f'{path}: no map of class {label}, only of '
            f'{file["labels"][:10].tolist()}'
        )
    at = found[0]
    low, high = file['low'][at], file['high'][at]
    levels = file['levels'][at].astype(np.float32)
    if not (np.isfinite(low) and np.isfinite(high)):
        return np.full_like(levels, np.nan), sample
    return low + levels / np.float32(LEVELS) * (high - low), sample


def write_wsol(path, raw, sample, steps=()):
    """Write a map like the benchmark: 224 x 224 float32 in [0, 1]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, on_wsol_grid(raw, sample, steps).astype(np.float32))


def find_map(folder, image):
    """Find the file that holds an image's map.

    Its name is ``a/b.jpg.npy``, as in the benchmark, or ``a/b.npy``, or
    ``a/b.jpg.npz`` for our compact files.

    Args:
        folder (str | Path): The root of the maps.
        image (str): The image's id.

    Raises:
        ValueError: There is no such file, or several.
    """
    without = str(PurePosixPath(image).with_suffix(''))
    paths = [
        map_path(folder, image, '.npy'),
        map_path(folder, without, '.npy'),
        map_path(folder, image, '.npz'),
    ]
    there = [path for path in dict.fromkeys(paths) if osp.isfile(path)]
    if not there:
        raise ValueError(
            f'no score map of image {image}: looked for '
            + ', '.join(map(str, paths))
        )
    if len(there) > 1:
        raise ValueError(
            f'image {image} has two score maps, {there[0]} and {there[1]}. '
            'Remove one of them, or write each run into a folder of its own.'
        )
    return there[0]


def check_maps_differ(folder, images):
    """Check that no two images have the same file; files may be missing.

    Args:
        folder (str | Path): The root of the maps.
        images (Iterable[str]): Ids of the images.

    Raises:
        ValueError: Two images have one file; the message names them.
    """
    owners = {}
    for image in images:
        try:
            path = find_map(folder, image)
        except ValueError:
            continue
        other = owners.setdefault(path, image)
        if other != image:
            raise ValueError(
                f'{path} would be the score map of two images, {other} and '
                f'{image}. The program that wrote it has lost one of the two '
                f'maps. Write each map under the whole name of its image, '
                f'{image}.npy for example.'
            )


def read_on_grid(folder, image, steps=()):
    """Read an image's map, of any program, on the benchmark's grid.

    ``(224, 224)`` floats in [0, 1] are taken as they are. A compact file is
    brought to this grid. `find_map` explains the names.

    Args:
        folder (str | Path): The root of the maps.
        image (str): The image's id.
        steps (Sequence): See `mmspg.evaluation.functional.steps`.

    Returns:
        ndarray: ``(224, 224)`` in [0, 1].

    Raises:
        ValueError: There is no such file, it has another shape or type, or a
            value is not finite or not in [0, 1]. The message names the file.
    """
    path = find_map(folder, image)
    if path.suffix == '.npz':
        raw, sample = read_compact(path)
        if 'homography' not in sample or is_flat(raw):
            return wsol_score_map(raw, steps=steps)
        return on_wsol_grid(raw, sample, steps)
    try:
        # It is mapped, since a header may claim more bytes than there are.
        score_map = np.load(path, allow_pickle=False, mmap_mode='r')
    except Exception as error:  # NumPy's header parser raises anything
        raise ValueError(f'{path}: not an array of NumPy ({error})') from None
    if score_map.shape != (SIDE, SIDE):
        raise ValueError(
            f'{path}: a score map of {SIDE} x {SIDE} was expected, its shape '
            f'is {score_map.shape}; resize it as the benchmark does, cubic, '
            'and min-max normalise it'
        )
    if not np.issubdtype(score_map.dtype, np.floating):
        raise ValueError(
            f'{path}: floats in [0, 1] were expected, got {score_map.dtype}'
        )
    # A NaN fails this, too.
    if not (score_map.min() >= 0 and score_map.max() <= 1):
        raise ValueError(
            f'{path}: values in [0, 1] were expected, these are in '
            f'[{score_map.min():g}, {score_map.max():g}]; min-max normalise '
            'the map'
        )
    return apply_steps(score_map, steps) if steps else score_map
