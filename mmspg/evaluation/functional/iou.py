"""The intersection over union of boxes, in inclusive pixels."""

import numpy as np


def to_inclusive(boxes):
    """Continuous corners to inclusive pixels.

    A box that covers the pixels 2, 3 and 4 of a row is 2 to 5 as continuous
    corners, and 2 to 4 as inclusive pixels.

    Args:
        boxes (array): ``(..., 4)`` continuous corners x0 y0 x1 y1.

    Returns:
        ndarray: ``(..., 4)`` float64, x1 and y1 less one.
    """
    return np.asarray(boxes, np.float64) - (0, 0, 1, 1)


def box_iou(boxes1, boxes2):
    """IoU of every box with every other one, widths of x1 - x0 + 1.

    Args:
        boxes1 (array): ``(N, 4)`` x0 y0 x1 y1 in inclusive pixels.
        boxes2 (array): ``(M, 4)`` likewise.

    Returns:
        ndarray: ``(N, M)`` float64 in [0, 1].

    Raises:
        ValueError: An array is not ``(n, 4)``.
    """
    boxes1 = _boxes(boxes1)[:, None]
    boxes2 = _boxes(boxes2)[None]
    upper = np.minimum(boxes1[..., 2:], boxes2[..., 2:])
    lower = np.maximum(boxes1[..., :2], boxes2[..., :2])
    inter = np.prod(np.maximum(upper - lower + 1, 0), axis=-1)
    return inter / (_area(boxes1) + _area(boxes2) - inter)


def _area(boxes):
    return np.prod(boxes[..., 2:] - boxes[..., :2] + 1, axis=-1)


def _boxes(boxes):
    boxes = np.asarray(boxes, np.float64)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f'boxes must be an (n, 4) array of x0 y0 x1 y1, '
            f'got shape {boxes.shape}; write one box as [[x0, y0, x1, y1]]'
        )
    return boxes
