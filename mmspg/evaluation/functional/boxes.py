"""Box a score map at all thresholds at once, by the rules of the field.

A rule says where the map is cut (`foregrounds`), which part of the foreground
the box is drawn around, and how its corners are written:

================== ======================== ============================ =====
rule               foreground               box around                   end
================== ======================== ============================ =====
largest_area       score > t                largest component            incl.
largest_contour    grey > int(t * grey max) largest contour              excl.
all_contours       grey > int(t * grey max) every contour, holes too     excl.
cam                score > t * maximum      largest component            incl.
mean               score > t * mean         all of it                    incl.
energy             fewest highest pixels    all of it                    incl.
                   with t of the sum
================== ======================== ============================ =====

Components are 8-connected. The largest has the most pixels; of equals, the one
whose first pixel comes first in raster order counts. The size of a contour is
`cv2.contourArea`; of equals, the first in OpenCV's list counts. ``incl.`` ends
are inclusive pixels. ``excl.`` is the benchmark's ``min(x + w, W - 1)``, one
pixel more. An empty foreground gives [0, 0, 0, 0] under every rule, as in the
benchmark: the pixel in the corner, which is hardly ever right.

``largest_area`` is the paper's rule, ``largest_contour`` MaxBoxAcc's and
``all_contours`` MaxBoxAccV2's. CAM (Zhou et al., CVPR 2016) and Backprop use
``cam`` (t = .2), MWP (Zhang et al., ECCV 2016) uses ``mean`` (t about 1.5),
and Feedback (Cao et al., ICCV 2015) uses ``energy`` (t = .95).
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from . import foregrounds
from .iou import box_iou

PAIRS = 2**20  # of boxes, that are compared at once
_NOTHING = (0, 0, 0, 0)


class Rule(NamedTuple):
    """How a score map becomes boxes; the table above explains all rules."""

    foreground: Callable
    part: str
    exclusive: bool = False
    thresholds: tuple | None = None


RULES = {
    'largest_area': Rule(foregrounds.value_foregrounds, 'largest_area'),
    'largest_contour': Rule(
        foregrounds.grey_foregrounds, 'largest_contour', exclusive=True
    ),
    'all_contours': Rule(
        foregrounds.grey_foregrounds, 'all_contours', exclusive=True
    ),
    'cam': Rule(
        foregrounds.maximum_foregrounds, 'largest_area', thresholds=(0.2,)
    ),
    'mean': Rule(foregrounds.mean_foregrounds, 'tight', thresholds=(1.5,)),
    'energy': Rule(
        foregrounds.energy_foregrounds, 'tight', thresholds=(0.95,)
    ),
}


def get_rule(name):
    """Look up a `Rule` by its name.

    Raises:
        ValueError: There is no such rule; the message lists all.
    """
    if name not in RULES:
        raise ValueError(
            f'unknown box rule {name!r}; valid rules: {", ".join(RULES)}'
        )
    return RULES[name]


def boxes_at_thresholds(score_map, thresholds=None, rule='largest_area'):
    """Box a score map at every threshold.

    Args:
        score_map (array): ``(H, W)``, in [0, 1]. 'cam' and 'mean' take any
            finite map, 'energy' any map without negative values.
        thresholds (array, optional): ``(T,)``, in any order. None: the
            threshold of the rule, see the module's docstring.
        rule (str): One of `RULES` that gives one box.

    Returns:
        ndarray: ``(T, 4)`` int64 x0 y0 x1 y1.

    Raises:
        ValueError: The rule is unknown or gives several boxes, or the map is
            out of range.
    """
    picked = get_rule(rule)
    if picked.part == 'all_contours':
        single = [n for n, r in RULES.items() if r.part != 'all_contours']
        raise ValueError(
            f'rule {rule!r} gives many boxes at each threshold. Use '
            'all_boxes_at_thresholds or best_iou_at_thresholds, or a rule '
            f'that gives one box: {", ".join(single)}'
        )
    levels, distinct, index = _cut(score_map, thresholds, picked, rule)
    boxes = _largest(picked.part)(levels, distinct)
    boxes = _corners(boxes, picked, levels.shape)
    return np.vstack([boxes, [_NOTHING]])[index]


def all_boxes_at_thresholds(score_map, thresholds=None, rule='all_contours'):
    """Give all boxes of a score map at every threshold.

    The largest component comes first. Contours have no order.

    Args:
        score_map (array): See `boxes_at_thresholds`.
        thresholds (array, optional): See `boxes_at_thresholds`.
        rule (str): One of `RULES`.

    Returns:
        list[ndarray]: T arrays ``(n, 4)`` int64 with n >= 1. If the
        foreground is empty, the array has one box [0, 0, 0, 0].
    """
    picked = get_rule(rule)
    levels, distinct, index = _cut(score_map, thresholds, picked, rule)
    boxes, spans = _every(picked.part)(levels, distinct)
    boxes = _corners(boxes, picked, levels.shape)
    which, floor = _unroll(spans)
    # A stable sort keeps the order within a floor.
    boxes = boxes[which[np.argsort(floor, kind='stable')]]
    ends = np.cumsum(np.bincount(floor, minlength=len(distinct)))
    groups = np.split(boxes, ends[:-1]) if len(distinct) else []
    groups.append(np.array([_NOTHING]))
    return [groups[i] for i in index]


def best_iou_at_thresholds(
    score_map, thresholds, gt_boxes, rule='largest_area'
):
    """Give the best IoU of predicted and true boxes at every threshold.

    Args:
        score_map (array): See `boxes_at_thresholds`.
        thresholds (array, optional): See `boxes_at_thresholds`.
        gt_boxes (array): ``(n, 4)`` inclusive pixels on the map's grid.
        rule (str): One of `RULES`; 'all_contours' counts every box.

    Returns:
        ndarray: ``(T,)`` float64 in [0, 1]; zeros without true boxes.
    """
    picked = get_rule(rule)
    levels, distinct, index = _cut(score_map, thresholds, picked, rule)
    if picked.part == 'all_contours':
        boxes, spans = _tree().all_contours(levels, distinct)
        which, floor = _unroll(spans)
    else:
        boxes = _largest(picked.part)(levels, distinct)
        which = floor = np.arange(len(boxes))
    boxes = _corners(boxes, picked, levels.shape)
    best = np.zeros(len(distinct) + 1)
    best[-1] = box_iou([_NOTHING], gt_boxes).max(initial=0)
    # A box that holds for many floors is compared once.
    ious = np.zeros(len(boxes))
    rows = max(1, PAIRS // max(1, len(gt_boxes)))
    for start in range(0, len(boxes), rows):
        ious[start : start + rows] = box_iou(
            boxes[start : start + rows], gt_boxes
        ).max(axis=1, initial=0)
    np.maximum.at(best, floor, ious[which])
    return best[index]


def _cut(score_map, thresholds, picked, rule):
    """Give levels, the distinct floors, and each threshold's index in them.

    All floors between two levels of the map give the same foreground. The
    index of an empty foreground is one past the last.
    """
    if thresholds is None:
        thresholds = picked.thresholds
    if thresholds is None:
        raise ValueError(f'rule {rule!r} has no threshold of its own')
    levels, floors = picked.foreground(score_map, np.atleast_1d(thresholds))
    bins = 1 << 8 * levels.itemsize
    # Several times faster than numpy's bincount.
    histogram = cv2.calcHist([levels], [0], None, [bins], [0, bins])
    present = np.flatnonzero(histogram)
    used, index = np.unique(
        np.searchsorted(present, floors), return_inverse=True
    )
    return levels, present[used[used < present.size]], index.reshape(-1)


def _tree():
    # numba takes half a second to import, and a training may need no box.
    from . import component_tree

    return component_tree


def _largest(part):
    """Give the function that makes one box for each foreground."""
    return _tight if part == 'tight' else getattr(_tree(), part)


def _every(part):
    """Give the function that makes all boxes with their ranges of floors."""
    if part == 'tight':
        return _every_tight
    every = 'all_contours' if part == 'all_contours' else 'components'
    return getattr(_tree(), every)


def _tight(levels, floors):
    """Give the tight box of all pixels of each foreground, ``(n, 4)``."""
    rows, columns = levels.max(axis=1), levels.max(axis=0)
    boxes = []
    for floor in floors:
        y, x = np.flatnonzero(rows >= floor), np.flatnonzero(columns >= floor)
        boxes.append((x[0], y[0], x[-1], y[-1]))
    return np.array(boxes, np.int64).reshape(-1, 4)


def _every_tight(levels, floors):
    return _tight(levels, floors), np.arange(len(floors))[:, None] + (0, 1)


def _unroll(spans):
    """Turn ``(n, 2)`` ranges of floors into pairs of box and floor."""
    begin, lengths = spans[:, 0], spans[:, 1] - spans[:, 0]
    shift = np.cumsum(lengths) - lengths
    which = np.repeat(np.arange(len(spans)), lengths)
    return which, np.arange(len(which)) + (begin - shift)[which]


def _corners(boxes, picked, shape):
    if picked.exclusive:
        last = np.array(shape[::-1]) - 1
        boxes[:, 2:] = np.minimum(boxes[:, 2:] + 1, last)
    return boxes
