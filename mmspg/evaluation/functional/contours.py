"""Boxes of nested foregrounds by OpenCV, one call per distinct foreground.

Exact, and needs nothing but OpenCV. Every function takes ``levels``
``(H, W)`` and the increasing floors of distinct foregrounds
``levels >= floor``, and gives boxes as inclusive pixels x0 y0 x1 y1, or None
for an empty foreground.
"""

import cv2
import numpy as np


def largest_contour(levels, floors):
    """Box of the contour with the largest `cv2.contourArea`.

    Only outer contours that lie in no other component can win: a hole's
    polygon lies within its component's, and what lies in a hole is smaller
    than the hole. So RETR_EXTERNAL stands for the benchmark's RETR_TREE.
    Among equals the first of OpenCV's list wins, the component whose first
    pixel in raster order comes last.

    Returns:
        ndarray: ``(len(floors), 4)``.
    """
    boxes = []
    for mask in _masks(levels, floors):
        contours = _find(mask, cv2.RETR_EXTERNAL)
        boxes.append(_bounds(max(contours, key=cv2.contourArea)))
    return np.array(boxes, np.int64).reshape(-1, 4)


def all_contours(levels, floors):
    """Boxes of all contours, those of holes too.

    Returns:
        tuple[ndarray]: Boxes ``(n, 4)`` and, for each, the range of floors
        that it holds for, ``(n, 2)``, first and one past the last.
    """
    boxes, owners = [], []
    for index, mask in enumerate(_masks(levels, floors)):
        found = [_bounds(c) for c in _find(mask, cv2.RETR_LIST)]
        boxes += found
        owners += [index] * len(found)
    return np.array(boxes, np.int64).reshape(-1, 4), _spans(owners)


def components(levels, floors):
    """Boxes of all 8-connected components, largest in pixels first.

    Among equals the one whose first pixel comes first in raster order.

    Returns:
        tuple[ndarray]: As of `all_contours`.
    """
    boxes = [_components(mask) for mask in _masks(levels, floors)]
    owners = np.repeat(np.arange(len(boxes)), [len(b) for b in boxes])
    boxes = np.concatenate([np.empty((0, 4), np.int64), *boxes])
    return boxes, _spans(owners)


def largest_area(levels, floors):
    """The first of `components`: ``(len(floors), 4)``."""
    boxes = [_components(mask)[0] for mask in _masks(levels, floors)]
    return np.array(boxes, np.int64).reshape(-1, 4)


def tight(levels, floors):
    """The tight box of all pixels of each foreground: ``(n, 4)``."""
    rows, columns = levels.max(axis=1), levels.max(axis=0)
    boxes = []
    for floor in floors:
        y, x = np.flatnonzero(rows >= floor), np.flatnonzero(columns >= floor)
        boxes.append((x[0], y[0], x[-1], y[-1]))
    return np.array(boxes, np.int64).reshape(-1, 4)


def _components(mask):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask, connectivity=8
    )
    x, y, w, h, area = stats[1:].T.astype(np.int64)
    # OpenCV scans blocks, and its labels are not in raster order.
    first = np.full(count, labels.size)
    flat = labels.ravel()
    ids, where = np.unique(flat, return_index=True)
    first[ids] = where
    order = np.lexsort((first[1:], -area))
    return np.stack([x, y, x + w - 1, y + h - 1], axis=1)[order]


def _spans(owners):
    return np.reshape(owners, (-1, 1)).astype(np.intp) + (0, 1)


def _masks(levels, floors):
    for floor in floors:
        yield (levels >= floor).view(np.uint8)


def _find(mask, mode):
    # OpenCV 3 gave three results, 4 and 5 give two.
    return cv2.findContours(mask, mode, cv2.CHAIN_APPROX_SIMPLE)[-2]


def _bounds(contour):
    x, y, w, h = cv2.boundingRect(contour)
    return x, y, x + w - 1, y + h - 1
