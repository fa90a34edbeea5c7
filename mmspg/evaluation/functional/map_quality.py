"""Measure how well a score map itself lies on an object, without a box."""

import numpy as np


def region_of(boxes, image_size):
    """Mark the pixels inside of any box.

    Args:
        boxes (array): ``(n, 4)`` x0 y0 x1 y1, inclusive pixels.
        image_size (tuple[int]): (W, H).

    Returns:
        ndarray: ``(H, W)`` bool.
    """
    region = np.zeros(image_size[::-1], bool)
    for x0, y0, x1, y1 in np.asarray(boxes).reshape(-1, 4).astype(int):
        region[max(y0, 0) : y1 + 1, max(x0, 0) : x1 + 1] = True
    return region


def points_inside(score_map, region):
    """Whether the highest pixel lies on the object (pointing game).

    Zhang et al., ECCV 2016, without their tolerance of 15 pixels. If several
    pixels are the highest, the first in raster order counts. A constant map
    does not point anywhere.

    Args:
        score_map (array): ``(H, W)``.
        region (array): ``(H, W)`` bool.
    """
    score_map = np.asarray(score_map)
    if score_map.min() == score_map.max():
        return False
    return bool(np.asarray(region).reshape(-1)[score_map.argmax()])


def energy_inside(score_map, region):
    """Give the share of the map's sum that lies on the object, in [0, 1].

    This is the energy-based pointing game of Score-CAM (Wang et al., CVPRW
    2020).

    Args:
        score_map (array): ``(H, W)``, not negative. If all are 0, so is the
            share.
        region (array): ``(H, W)`` bool.
    """
    score_map = np.asarray(score_map, np.float64)
    total = score_map.sum()
    return float(score_map[region].sum() / total) if total > 0 else 0.0


def mask_ious(score_map, mask, thresholds, ignored):
    """Give the IoU of the foreground with a true mask at all thresholds.

    The foreground are the pixels with a score above the threshold.

    Args:
        score_map (array): ``(H, W)`` in [0, 1].
        mask (array): ``(H, W)`` bool.
        thresholds (array): ``(T,)``, in any order.
        ignored (array): ``(H, W)`` bool, the pixels that are left out.

    Returns:
        ndarray: ``(T,)`` float64 in [0, 1], which is 0 if both are empty.
    """
    mask = np.asarray(mask, bool)[~ignored]
    scores = np.asarray(score_map, np.float64)[~ignored]

    def above(values):
        ordered = np.sort(values)
        at = np.searchsorted(ordered, thresholds, side='right')
        return len(ordered) - at

    both, foreground = above(scores[mask]), above(scores)
    union = foreground + mask.sum() - both
    return both / np.maximum(union, 1)
