"""Read the true boxes or masks of a split in the benchmark's format."""

import os.path as osp
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmspg.datasets.annotations.boxes import (
    check_lost,
    check_shares,
    fit_boxes,
)
from mmspg.datasets.annotations.faults import NO_BOX_LEFT, Faults, Refusal
from mmspg.datasets.annotations.formats import agree, read_lines
from mmspg.datasets.annotations.wsol_files import (
    has_boxes,
    read_boxes,
    read_ids,
    read_masks,
    read_sizes,
)

from .grid import wsol_boxes


class Truth(NamedTuple):
    """The true boxes or masks of one image, on the benchmark's grid."""

    image: str  # id: its path in the list
    boxes: np.ndarray | None  # (n, 4) int64, inclusive pixels
    masks: tuple = ()  # paths of the masks of its objects
    ignore: str | None = None  # path of the mask of the region to ignore


def read_split(folder, mask_root='', dataset_name='OpenImages'):
    """Read ``image_ids.txt``, ``localization.txt``, ``image_sizes.txt``.

    Args:
        folder (str | Path): ``metadata/<data set>/<split>``.
        mask_root (str): Folder of the masks. They may lie in its folder
            ``OpenImages``, as in the benchmark, or in its folder with the
            name of the data set.
        dataset_name (str): Name of the data set.

    Returns:
        list[Truth]: Images in the order of the list.

    Raises:
        ValueError: The list is empty, files disagree about the images, a line
            is malformed, or boxes are in another unit or form. The message
            names file and line.
        FileNotFoundError: A file is missing.
    """
    folder = Path(folder)
    listed = str(folder / 'image_ids.txt')
    _exists(listed)
    images = read_ids(listed)
    if not images:
        raise ValueError(f'{listed}: the split is empty, it lists no image')
    path = str(folder / 'localization.txt')
    _exists(path)
    if has_boxes(path):
        return _with_boxes(images, listed, path, folder)
    first = next((line for _, line in read_lines(path)), '')
    root = _mask_root(mask_root, dataset_name, first)
    return _with_masks(images, listed, path, root)


def _exists(path):
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'{path}: no such file. --metadata_root/--dataset_name/--split '
            "must be a folder of the benchmark's metadata"
        )


def _with_boxes(images, listed, path, folder):
    found = read_boxes(path)
    agree(images, listed, found, path)
    size_file = str(folder / 'image_sizes.txt')
    _exists(size_file)
    sizes = read_sizes(size_file)
    agree(images, listed, sizes, size_file)
    rows = [row for some in found.values() for row in some]
    check_shares(
        [box for box, _ in rows],
        [where for _, where in rows],
        [sizes[image] for image, some in found.items() for _ in some],
    )
    truths, faults = [], Faults()
    for image in images:
        boxes, sources = zip(*found[image], strict=True)
        boxes = fit_boxes(
            np.float64(boxes),
            sizes[image],
            sources,
            image,
            faults,
            inclusive=True,
        )
        if len(boxes):
            truths.append(Truth(image, wsol_boxes(boxes, sizes[image])))
        else:
            faults.add(NO_BOX_LEFT, image)
    check_lost(faults, len(rows))
    if not truths:
        raise Refusal(NO_BOX_LEFT, faults[NO_BOX_LEFT])
    for text in faults.sentences():
        print(f'{folder}: {text}', file=sys.stderr)
    return truths


def _with_masks(images, listed, path, root):
    masks, ignored = read_masks(path, root)
    agree(images, listed, masks, path)
    return [
        Truth(image, None, tuple(masks[image]), ignored.get(image))
        for image in images
    ]


def _mask_root(mask_root, dataset_name, line):
    """Give the first of the folders that has the first line's mask."""
    mask = line.split(',')[1] if line.count(',') == 2 else ''
    roots = [
        Path(mask_root, 'OpenImages'),
        Path(mask_root, dataset_name),
        Path(mask_root),
    ]
    return str(next((r for r in roots if osp.isfile(r / mask)), roots[0]))
