"""Compute the intersection over union of boxes in inclusive pixels."""

import numpy as np


def to_inclusive(boxes):
    """Turn continuous corners into inclusive pixels.

    A box that covers the pixels 2, 3 and 4 of a row is 2 to 5 as continuous
    corners, and 2 to 4 as inclusive pixels.

    Args:
        boxes (array): ``(..., 4)`` continuous corners x0 y0 x1 y1.

    Returns:
        ndarray: ``(..., 4)`` float64; x1 and y1 are smaller by one.
    """
    return np.asarray(boxes, np.float64) - (0, 0, 1, 1)


def box_iou(boxes1, boxes2):
    """Compute the IoU of all pairs of boxes; a width is x1 - x0 + 1.

    Args:
        boxes1 (array): ``(N, 4)`` x0 y0 x1 y1 in inclusive pixels.
        boxes2 (array): ``(M, 4)`` in the same convention.

    Returns:
        ndarray: ``(N, M)`` float64 in [0, 1].

    Raises:
        ValueError: An array is not ``(n, 4)``.
    """
    x0, y0, x1, y1 = _columns(boxes1, axis=1)
    u0, v0, u1, v1 = _columns(boxes2, axis=0)
    width = np.minimum(x1, u1) - np.maximum(x0, u0) + 1
    height = np.minimum(y1, v1) - np.maximum(y0, v0) + 1
    inter = np.maximum(width, 0) * np.maximum(height, 0)
    area1 = (x1 - x0 + 1) * (y1 - y0 + 1)
    area2 = (u1 - u0 + 1) * (v1 - v0 + 1)
    return inter / (area1 + area2 - inter)


def _columns(boxes, axis):
    boxes = np.asarray(boxes, np.float64)
    if boxes.size == 0:
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f'boxes must be an (n, 4) array of x0 y0 x1 y1, '
            f'got shape {boxes.shape}. Write one box as [[x0, y0, x1, y1]]'
        )
    return [np.expand_dims(column, axis) for column in boxes.T]
