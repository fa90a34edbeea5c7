"""Boxes of nested foregrounds, one call of OpenCV or NumPy for each.

For what the one pass of `component_tree` does not give. The arguments are
those of its functions.
"""

import cv2
import numpy as np


def components(levels, floors):
    """Boxes of all 8-connected components, largest in pixels first.

    Among equals the one whose first pixel comes first in raster order.

    Returns:
        tuple[ndarray]: Boxes ``(n, 4)`` and, for each, the range of floors
        that it holds for, ``(n, 2)``, first and one past the last.
    """
    boxes = [_components((levels >= f).view(np.uint8)) for f in floors]
    owners = np.repeat(np.arange(len(boxes)), [len(b) for b in boxes])
    boxes = np.concatenate([np.empty((0, 4), np.int64), *boxes])
    return boxes, owners[:, None] + (0, 1)


def tight(levels, floors):
    """The tight box of all pixels of each foreground: ``(n, 4)``."""
    rows, columns = levels.max(axis=1), levels.max(axis=0)
    boxes = []
    for floor in floors:
        y, x = np.flatnonzero(rows >= floor), np.flatnonzero(columns >= floor)
        boxes.append((x[0], y[0], x[-1], y[-1]))
    return np.array(boxes, np.int64).reshape(-1, 4)


def _components(mask):
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask, connectivity=8
    )
    x, y, w, h, area = stats[1:].T.astype(np.int64)
    # OpenCV's labels are not in raster order. The first pixel of a component
    # is in the top row of its box.
    first = np.array(
        [
            row * labels.shape[1] + np.flatnonzero(labels[row] == label)[0]
            for label, row in enumerate(y, 1)
        ],
        np.int64,
    )
    order = np.lexsort((first, -area))
    return np.stack([x, y, x + w - 1, y + h - 1], axis=1)[order]
