"""Boxes as the pipeline holds them: continuous corners, checked, clipped.

A box is ``(x0, y0, x1, y1)`` in pixels of the stored image, origin at the
top left corner of the top left pixel, so that ``0 <= x <= W`` and the box of
the whole image is ``(0, 0, W, H)``. An annotation that counts pixels
inclusively, ``xmin..xmax``, covers ``xmin`` to ``xmax + 1``.
"""

from collections.abc import Sequence

import numpy as np

SLACK = 1.0  # pixels that a box may stick out of its image


def from_inclusive(boxes) -> np.ndarray:
    """Turn inclusive pixel corners into continuous ones.

    Args:
        boxes: Inclusive corners, ``(n, 4)``.

    Returns:
        np.ndarray: Continuous corners, ``(n, 4)``, float32.
    """
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return boxes + np.array([0, 0, 1, 1], np.float32)


def clip_boxes(boxes: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Clip continuous boxes ``(n, 4)`` to an image of ``size`` (w, h)."""
    w, h = size
    return np.clip(boxes, 0, np.array([w, h, w, h], boxes.dtype))


def check_boxes(
    boxes: np.ndarray,
    size: tuple[int, int],
    sources: Sequence[str],
    image: str,
) -> tuple[np.ndarray, int]:
    """Clip annotated boxes to their image, or refuse them.

    Rounding makes annotators' boxes leave their image by a pixel; anything
    further out belongs to another image or another resolution.

    Args:
        boxes (np.ndarray): Continuous corners as annotated, ``(n, 4)``.
        size (tuple): Width and height of the stored image.
        sources (Sequence[str]): ``'file:line'`` of each box, for messages.
        image (str): Name of the image, for messages.

    Returns:
        tuple: The boxes clipped to the image, ``(n, 4)``, and how many of
        them the clipping changed.

    Raises:
        ValueError: A box is empty, not finite, or more than one pixel
            outside its image; says which, and where it was read.
    """
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    clipped = clip_boxes(boxes, size)
    out = np.abs(boxes - clipped).max(axis=1, initial=0)
    empty = (clipped[:, 2:] <= clipped[:, :2]).any(axis=1)
    for i in np.flatnonzero(~(out <= SLACK) | empty).tolist():
        x0, y0, x1, y1 = (f'{v:g}' for v in boxes[i])
        fault = (
            'is empty'
            if (boxes[i, 2:] <= boxes[i, :2]).any()
            else f'is more than {SLACK:g} pixel outside'
        )
        raise ValueError(
            f'{sources[min(i, len(sources) - 1)]}: the box from ({x0}, {y0}) '
            f'to ({x1}, {y1}), edges exclusive, {fault} of image {image}, '
            f'which is {size[0]} x {size[1]} (width x height). Boxes are in '
            'pixels of the stored image, unrotated: correct the line, or '
            'check that the image is the annotated one.'
        )
    return clipped, int((out > 0).sum())
