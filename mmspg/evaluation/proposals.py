"""Class-agnostic proposals, to choose maps without true boxes.

Boxes that follow the edges of an image tend to be proposals, too. A map, its
steps and its threshold can therefore be chosen on images without a box, by how
well their boxes agree with proposals (as in the protocol of Murtaza et al.,
WACV 2025). Large boxes agree with the proposals of any image, so the agreement
with proposals of other images is subtracted. This is a weaker guide than true
boxes.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .functional import box_iou

SMALLEST, LARGEST = 0.05, 0.9  # shares of the image's area
CLOSE = 0.8  # the IoU from which a box agrees with a proposal
OTHERS = 5  # the number of other images that measure chance


def read_proposals(path: str | Path) -> dict[str, np.ndarray]:
    """Read ``{"image id": [[x0, y0, x1, y1], ...]}``, inclusive pixels.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file has another form. The message names the image.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'{path}: there is no such file of proposals. Selective Search '
            'needs none: --proposals selective-search'
        )
    try:
        found = json.loads(Path(path).read_text(encoding='utf-8'))
        if not isinstance(found, dict):
            raise ValueError(f'it is a {type(found).__name__}')
        return {name: _boxes(name, rows) for name, rows in found.items()}
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{path}: this is not a file of proposals, '
            f'{{"image id": [[x0, y0, x1, y1], ...]}} ({error})'
        ) from None


def _boxes(name, rows):
    try:
        boxes = np.asarray(rows, np.float64).reshape(-1, 4)
    except (TypeError, ValueError):
        boxes = np.full((1, 4), np.nan)
    if not np.isfinite(boxes).all() or (boxes[:, :2] > boxes[:, 2:]).any():
        raise ValueError(f'image {name!r} has a row that is not a box')
    return boxes


def selective_search(image: np.ndarray) -> np.ndarray:
    """Propose boxes by the fast variant of Selective Search.

    Uijlings et al., IJCV 2013.

    Args:
        image (ndarray): ``(H, W, 3)`` uint8 in B, G, R.

    Returns:
        ndarray: ``(n, 4)`` float64 inclusive pixels.

    Raises:
        ImportError: OpenCV lacks its extra modules.
    """
    import cv2

    try:
        module = cv2.ximgproc.segmentation  # type: ignore[attr-defined]
    except AttributeError:
        raise ImportError(
            'Selective Search needs the extra modules of OpenCV. Run pip '
            'uninstall opencv-python and pip install '
            'opencv-contrib-python, or give a file of proposals.'
        ) from None
    cv2.setRNGSeed(0)  # its ranks are random
    search = module.createSelectiveSearchSegmentation()
    search.setBaseImage(np.ascontiguousarray(image))
    search.switchToSelectiveSearchFast()
    rows = np.asarray(search.process(), np.float64).reshape(-1, 4)
    return np.column_stack([rows[:, :2], rows[:, :2] + rows[:, 2:] - 1])


def usable(boxes: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Leave out proposals that are tiny, or almost the whole image.

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
    """Give the proposals of each image.

    Args:
        images (list[dict]): Samples with ``img_id``, ``ori_shape`` and, if
            ``given`` is None, ``img_path``.
        given (Mapping, optional): Proposals from `read_proposals`. By
            default Selective Search makes them.

    Returns:
        list[ndarray]: ``(n, 4)`` inclusive pixels of the stored image.

    Raises:
        ValueError: An image has no proposal that is usable, or no id of
            ``given`` is that of an image.
    """
    from mmspg.datasets.images.reading import read_image

    found, without = [], []
    names = [str(image['img_id']) for image in images]
    if names and given is not None and not given.keys() & set(names):
        raise ValueError(
            'no image has proposals: the file has '
            f'{next(iter(given), None)!r}, and the id of an image is '
            f'{names[0]!r}. Use the ids of the images'
        )
    for image, name in zip(images, names, strict=True):
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
            f'{len(without)} of {len(images)} images have no proposal that '
            f'covers 5 to 90 % of them: {", ".join(without[:3])}'
        )
    return found


def agreement(
    boxes: np.ndarray, own: np.ndarray, others: list[np.ndarray]
) -> np.ndarray:
    """Tell how well boxes agree with proposals of their image, beyond chance.

    Args:
        boxes (ndarray): ``(T, 4)`` inclusive pixels.
        own (ndarray): The proposals of the image, ``(n, 4)``.
        others (list[ndarray]): The proposals of other images, from
            `strangers`.

    Returns:
        ndarray: ``(T,)`` float32 in [-1, 1]. It is 1 if a proposal of the
        image has an IoU of at least .8 and 0 if not, minus the share of the
        other images that have such a proposal.
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
    """Scale the proposals of some other images to each image.

    Args:
        proposals (list[ndarray]): The proposals of each image.
        sizes (list[tuple[int, int]]): (W, H) of each image.

    Returns:
        list[list[ndarray]]: For each image the proposals of up to five
        others, which are the same every time.
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
