"""Class-agnostic proposals, to choose maps without true boxes.

Boxes that lie on edges of the image tend to be proposals, too. So a map, its
steps and its threshold can be chosen by how well its boxes agree with
proposals, on images without a box (the protocol of Murtaza et al., WACV 2025,
chooses by proposals, too). Large boxes agree with the proposals of any image:
what counts is agreement beyond that with those of other images. It is a
weaker guide than true boxes.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .functional import box_iou

SMALLEST, LARGEST = 0.05, 0.9  # of the image's area
CLOSE = 0.8  # IoU from which a box agrees with a proposal
OTHERS = 5  # images that tell what chance does


def read_proposals(path: str | Path) -> dict[str, np.ndarray]:
    """Read ``{"image id": [[x0, y0, x1, y1], ...]}``, inclusive pixels.

    Raises:
        ValueError: It is no such file; the message names the image.
    """
    try:
        found = json.loads(Path(path).read_text(encoding='utf-8'))
        if not isinstance(found, dict):
            raise ValueError(f'it is a {type(found).__name__}')
        return {name: _boxes(name, rows) for name, rows in found.items()}
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{path}: proposals {{"image id": [[x0, y0, x1, y1], ...]}} were '
            f'expected ({error})'
        ) from None


def _boxes(name, rows):
    try:
        boxes = np.asarray(rows, np.float64).reshape(-1, 4)
    except (TypeError, ValueError):
        boxes = np.full((1, 4), np.nan)
    if not np.isfinite(boxes).all() or (boxes[:, :2] > boxes[:, 2:]).any():
        raise ValueError(f'image {name!r} has a row that is no box')
    return boxes


def selective_search(image: np.ndarray) -> np.ndarray:
    """Propose boxes (Selective Search, Uijlings et al., IJCV 2013; fast).

    Args:
        image (ndarray): ``(H, W, 3)`` uint8 in B, G, R.

    Returns:
        ndarray: ``(n, 4)`` float64 inclusive pixels.

    Raises:
        ImportError: OpenCV has no extra modules.
    """
    import cv2

    try:
        module = cv2.ximgproc.segmentation  # type: ignore[attr-defined]
    except AttributeError:
        raise ImportError(
            'Selective Search is in the extra modules of OpenCV: pip '
            'uninstall opencv-python and pip install opencv-contrib-python; '
            'or give a file of proposals'
        ) from None
    cv2.setRNGSeed(0)  # its ranks are random
    search = module.createSelectiveSearchSegmentation()
    search.setBaseImage(np.ascontiguousarray(image))
    search.switchToSelectiveSearchFast()
    rows = np.asarray(search.process(), np.float64).reshape(-1, 4)
    return np.column_stack([rows[:, :2], rows[:, :2] + rows[:, 2:] - 1])


def usable(boxes: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Leave out specks, and proposals that are the whole image.

    Args:
        boxes (ndarray): ``(n, 4)`` inclusive pixels.
        image_size (tuple[int]): (W, H).
    """
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    share = sides.prod(axis=1) / np.prod(image_size)
    return boxes[(share >= SMALLEST) & (share <= LARGEST)]


def proposals_of(
    images: list[dict], given: Mapping[str, np.ndarray] | None = None
) -> list[np.ndarray]:
    """The proposals of each image.

    Args:
        images (list[dict]): With ``img_id``, ``ori_shape`` and, without
            ``given``, ``img_path``.
        given (Mapping, optional): From `read_proposals`. None: Selective
            Search.

    Returns:
        list[ndarray]: ``(n, 4)`` inclusive pixels of the stored image.

    Raises:
        ValueError: An image has no proposal that is usable.
    """
    from mmspg.datasets.images.reading import read_image

    found, without = [], []
    for image in images:
        name = str(image['img_id'])
        if given is None:
            pixels = read_image(image['img_path'], image.get('exif', 'ignore'))
            boxes = selective_search(pixels)
        else:
            boxes = given.get(name, np.empty((0, 4)))
        boxes = usable(boxes, tuple(image['ori_shape'][1::-1]))
        found.append(boxes)
        if not len(boxes):
            without.append(name)
    if without:
        raise ValueError(
            f'{len(without)} of {len(images)} images have no proposal of 5 '
            f'to 90 % of their area: {", ".join(without[:3])}'
        )
    return found


def agreement(
    boxes: np.ndarray, own: np.ndarray, others: list[np.ndarray]
) -> np.ndarray:
    """Whether boxes agree with a proposal of their image, beyond chance.

    Args:
        boxes (ndarray): ``(T, 4)`` inclusive pixels.
        own (ndarray): ``(n, 4)``, the proposals of the image.
        others (list[ndarray]): Those of other images, see `strangers`.

    Returns:
        ndarray: ``(T,)`` float32 in [-1, 1]: 1 or 0, whether the IoU with
        one of its own is at least .8, less the share of the others that have
        one.
    """
    close = [
        box_iou(boxes, proposals).max(axis=1) >= CLOSE
        for proposals in (own, *others)
    ]
    chance = np.mean(close[1:], axis=0) if others else 0
    return (close[0] - chance).astype(np.float32)


def strangers(
    proposals: list[np.ndarray], sizes: list[tuple[int, int]]
) -> list[list[np.ndarray]]:
    """Proposals of some other images, scaled to each image.

    Args:
        proposals (list[ndarray]): Of each image.
        sizes (list[tuple[int, int]]): (W, H) of each image.

    Returns:
        list[list[ndarray]]: Up to five for each image, the same every time.
    """
    order = np.random.default_rng(0).permutation(len(proposals))
    place = np.argsort(order)
    found = []
    for i, size in enumerate(sizes):
        near = range(1, min(OTHERS, len(order) - 1) + 1)
        others = [order[(place[i] + k) % len(order)] for k in near]
        found.append(
            [
                proposals[j] * np.tile(np.divide(size, sizes[j]), 2)
                for j in others
            ]
        )
    return found
