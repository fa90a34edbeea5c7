"""Conventions of the WSOL benchmark (Choe et al.; spg.md, section 5)."""

import numpy as np


def benchmark_thresholds(interval=0.001):
    """``(T,)`` float64, numpy's own arange: i / 1000 gives other cuts."""
    if not 1e-5 <= interval <= 1:
        raise ValueError(
            f'interval={interval!r}: the distance of the thresholds, .00001 '
            'to 1, was expected'
        )
    return np.arange(0, 1, interval)


def quantise(score_map):
    """``(H, W)`` in [0, 1] to its 256 grey levels, cut off in float64."""
    return (np.asarray(score_map, np.float64) * 255).astype(np.uint8)


def resize_boxes(boxes, image_size, size=(224, 224)):
    """Scale true boxes onto the benchmark's grid, cut off to integers.

    Args:
        boxes (array): ``(n, 4)`` x0 y0 x1 y1, as annotated (inclusive).
        image_size (tuple[int]): (w, h) of the image.
        size (tuple[int]): (w, h) of the grid. Defaults to 224 squared.

    Returns:
        ndarray: ``(n, 4)`` int64.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    new, old = (np.asarray(s, np.float64) for s in (size, image_size))
    # The order of the two operations matters to the last digit.
    return (boxes * np.tile(new, 2) / np.tile(old, 2)).astype(np.int64)
