"""Boxes as the pipeline holds them: continuous corners, fitted to an image.

A box is ``(x0, y0, x1, y1)`` in pixels of the image. The origin is the top
left corner of the top left pixel, so ``0 <= x <= W``, and the box of the
whole image is ``(0, 0, W, H)``. An annotation that counts pixels
inclusively, from ``xmin`` to ``xmax``, covers ``xmin`` to ``xmax + 1``.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from .faults import (
    LOST,
    MOST_LOST,
    NOTHING_LEFT,
    OTHER_IMAGE,
    OUTSIDE,
    PERCENT,
    SHARES,
    Faults,
    Refusal,
)
from .formats import AnnotatedImage, Box

# Boxes leave their image by up to a pixel because of rounding, and because
# there are two ways of counting the last pixel. That is not a fault.
SLACK = 1.0
# The most boxes in one image. To compare them with all boxes of a noisy map
# takes a second.
MAX_BOXES = 2000


def from_inclusive(boxes) -> np.ndarray:
    """Turn inclusive pixel corners into continuous ones.

    Args:
        boxes: Inclusive corners, ``(n, 4)``.

    Returns:
        np.ndarray: Continuous corners, ``(n, 4)``, float32.
    """
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return boxes + np.array([0, 0, 1, 1], np.float32)


def box_fields(boxes: Sequence[Box], inclusive: bool = False) -> dict:
    """Give the fields of a sample that has boxes.

    Args:
        boxes (Sequence[Box]): As annotated.
        inclusive (bool): Whether their corners are inclusive pixels.

    Returns:
        dict: ``ori_gt_bboxes``, continuous corners ``(n, 4)`` float32, and
        ``ann_source``, the file and line that each box comes from.
    """
    corners = np.array([box.xyxy for box in boxes], np.float32)
    return dict(
        ori_gt_bboxes=from_inclusive(corners) if inclusive else corners,
        ann_source=[box.source for box in boxes],
    )


def clip_boxes(boxes: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Clip continuous boxes ``(n, 4)`` to an image of ``size`` (w, h)."""
    w, h = size
    return np.clip(boxes, 0, np.array([w, h, w, h], boxes.dtype))


def in_shares(corners) -> np.ndarray:
    """Tell which boxes look like shares of the image, from 0 to 1.

    Args:
        corners: As annotated, before any conversion, ``(n, 4)``.

    Returns:
        np.ndarray: ``(n,)`` bool.
    """
    corners = np.array(corners, np.float64).reshape(-1, 4)
    return (np.abs(corners) <= 1.001).all(axis=1)


def in_percent(corners, sizes: Sequence[tuple[int, int] | None]) -> bool:
    """Tell whether boxes look like percent of their images.

    It needs ten boxes that fill the range from 0 to 100 and do not leave it,
    on images most of which are twice as long. In pixels, objects in the
    middle of such images would reach beyond 100.

    Args:
        corners: All boxes as annotated, ``(n, 4)``.
        sizes (Sequence[tuple]): Width and height of the image of each box,
            or None.
    """
    corners = np.array(corners, np.float64).reshape(-1, 4)
    if len(corners) < 10 or corners.min() < -1 or corners.max() > 101:
        return False
    large = [s is not None and max(s) >= 200 and min(s) >= 150 for s in sizes]
    return 2 * sum(large) > len(sizes) and corners[:, 2:].max(0).min() > 80


def check_shares(
    corners,
    places: Sequence[str],
    sizes: Sequence[tuple[int, int] | None] = (),
) -> None:
    """Refuse annotations whose boxes are shares of the image, or percent.

    Args:
        corners: The corners of all boxes in a file, as annotated,
            ``(n, 4)``.
        places (Sequence[str]): The file and line, or id, of each box.
        sizes (Sequence[tuple], optional): Width and height of the image of
            each box, or None. Without them percent is not noticed.

    Raises:
        Refusal: More than half of the boxes lie between 0 and 1, or all are
            in percent.
    """
    found = np.flatnonzero(in_shares(corners)).tolist()
    if 2 * len(found) > len(places):
        raise Refusal(SHARES, [places[i] for i in found])
    if in_percent(corners, sizes):
        raise Refusal(PERCENT, list(places))


def check_objects(images: Iterable[AnnotatedImage]) -> None:
    """Check the boxes of images as :func:`check_shares` does."""
    found = [(box, i.size) for i in images for _, box in i.objects]
    check_shares(
        [box.xyxy for box, _ in found],
        [box.source for box, _ in found],
        [size for _, size in found],
    )


def check_lost(found: Faults, number: int) -> None:
    """Refuse annotations of other images, or of another form.

    Args:
        found (Faults): The faults found in all boxes.
        number (int): How many boxes there are.

    Raises:
        Refusal: An annotated size is out of proportion with its image,
            more than half of the boxes have less than half of their area
            inside, more than a quarter (and five) lie far outside, or more
            than 2 % (and at least three) are inverted.
    """
    if OTHER_IMAGE in found:
        raise Refusal(OTHER_IMAGE, found[OTHER_IMAGE])
    lost = found.get(LOST, []) + found.get(NOTHING_LEFT, [])
    far = lost + found.far
    if 2 * len(lost) > number:
        raise Refusal(MOST_LOST, lost)
    if len(far) >= 5 and 4 * len(far) > number:
        raise Refusal(MOST_LOST, far)
    if len(found.inverted) >= 3 and 50 * len(found.inverted) > number:
        raise Refusal(MOST_LOST, found.inverted)


def check_number(number: int, image: str, place: str) -> None:
    """Refuse an image with more than ``MAX_BOXES`` boxes.

    Raises:
        ValueError: With the image, and the file and line of its first box.
    """
    if number > MAX_BOXES:
        raise ValueError(
            f'{place}: image {image} has {number} boxes, and at most '
            f'{MAX_BOXES} are read. Is a name repeated in the file?'
        )


def fit_boxes(
    boxes: np.ndarray,
    size: tuple[int, int] | None,
    places: Sequence[str],
    image: str,
    found: Faults,
    inclusive: bool = False,
) -> np.ndarray:
    """Clip annotated boxes to their image, and drop those that vanish.

    A box that leaves its image by up to a pixel stays as it is annotated.
    The benchmark's metadata has many such boxes, and clipping them would
    change its figures.

    Args:
        boxes (np.ndarray): Continuous corners as annotated, ``(n, 4)``.
        size (tuple, optional): Width and height of the image. If it is
            None, only empty boxes are dropped.
        places (Sequence[str]): ``'file:line'`` of each box, for messages.
        image (str): Name of the image, for messages.
        found (Faults): Where faults are recorded.
        inclusive (bool): Whether the corners are inclusive pixels. If so,
            the corners returned are inclusive, too.

    Returns:
        np.ndarray: The boxes that are left, ``(m, 4)`` of the same type.
    """
    corners = np.asarray(boxes).reshape(-1, 4)
    check_number(len(corners), image, places[0] if places else image)
    one = np.array([0, 0, 1, 1]) * inclusive
    boxes = corners.astype(np.float64) + one
    clipped = boxes if size is None else clip_boxes(boxes, size)
    past = np.abs(boxes - clipped)
    out = past.max(axis=1, initial=0)
    left = np.isfinite(boxes).all(axis=1)
    left &= (clipped[:, 2:] > clipped[:, :2]).all(axis=1)
    for i in np.flatnonzero(~left | (out > SLACK)).tolist():
        x0, y0, x1, y1 = (f'{v:g}' for v in boxes[i])
        of = '' if size is None else f', which is {size[0]} x {size[1]}'
        signs: list[str] = []
        if left[i]:
            kind, what = OUTSIDE, f'leaves it by {out[i]:g} pixels'
            if 2 * _area(clipped[i]) < _area(boxes[i]):
                kind = LOST
            elif size is not None and (20 * past[i] > (*size, *size)).any():
                signs = found.far
        else:
            empty = not (boxes[i, 2:] > boxes[i, :2]).all()
            kind = NOTHING_LEFT
            what = 'is empty' if empty else 'is wholly outside'
            if (boxes[i, 2:] < boxes[i, :2]).any():
                what, signs = (
                    'is empty: it ends before it begins',
                    found.inverted,
                )
        text = (
            f'{places[min(i, len(places) - 1)]}: the box from ({x0}, {y0}) '
            f'to ({x1}, {y1}) of image {image}{of}, {what}'
        )
        found.add(kind, text)
        signs.append(text)
    if left.all() and not out.any():
        return corners  # nothing to change, as for most images
    fitted = np.where(out[:, None] > SLACK, clipped - one, corners)
    return fitted[left].astype(corners.dtype)


def _area(box: np.ndarray) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
