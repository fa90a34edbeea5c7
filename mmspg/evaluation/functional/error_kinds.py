"""Say why a box is wrong."""

import numpy as np

RIGHT, SEVERAL, PART, MORE, WRONG = range(5)


def error_kinds(boxes, gt_boxes, right, iop=0.5, iog=0.7, several=0.3):
    """Sort boxes by what is wrong with them.

    The first condition that holds gives the kind of a wrong box:

    - several objects: it covers more than ``several`` of each of two true
      boxes;
    - a part: more than ``iop`` of it is in one true box;
    - more than the object: it covers more than ``iog`` of a true box;
    - a wrong box: none of these holds.

    The kinds and their bounds are those of Lu et al. (ECCV 2020, Geometry
    Constrained Weakly Supervised Object Localization). Where an image has
    several true boxes, a part and more hold here if they do for any of them.
    A program that compares with the best of them alone, or counts a box under
    several kinds, has other shares for such images.

    Args:
        boxes (array): ``(T, 4)`` in inclusive pixels.
        gt_boxes (array): ``(n, 4)`` in the same convention.
        right (array): ``(T,)`` bool, the boxes that are right.
        iop (float): Bound of intersection over predicted. Defaults to .5.
        iog (float): Bound of intersection over true. Defaults to .7.
        several (float): Bound of intersection over true for several objects.
            Defaults to .3.

    Returns:
        ndarray: ``(T,)`` uint8: RIGHT, SEVERAL, PART, MORE or WRONG.
    """
    boxes = np.asarray(boxes, np.float64)[:, None]
    gt_boxes = np.asarray(gt_boxes, np.float64)[None]
    upper = np.minimum(boxes[..., 2:], gt_boxes[..., 2:])
    lower = np.maximum(boxes[..., :2], gt_boxes[..., :2])
    inter = np.maximum(upper - lower + 1, 0).prod(-1)
    of_true = inter / _area(gt_boxes)
    conditions = [
        np.asarray(right, bool),
        (of_true > several).sum(1) > 1,
        (inter / _area(boxes) > iop).any(1),
        (of_true > iog).any(1),
    ]
    return np.select(conditions, (RIGHT, SEVERAL, PART, MORE), WRONG).astype(
        np.uint8
    )


def _area(boxes):
    return (boxes[..., 2:] - boxes[..., :2] + 1).prod(-1)
