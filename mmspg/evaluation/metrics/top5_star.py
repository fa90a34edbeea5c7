"""Count Top-5*, which allows several boxes for the first classes.

The classes ranked first and second have two boxes each, and the third has one.
The second box comes from another threshold ('thresholds', (tight, loose)), or
from the second largest component ('components', CAM's released code).
"""

import numpy as np

from ..functional import all_boxes_at_thresholds, box_iou

KINDS = (None, 'thresholds', 'components')


def second_ious(score_map, thresholds, rule, truth):
    """Give the IoU ``(T,)`` of the second largest component's box, or 0."""
    return [
        box_iou(boxes[1:2], truth).max(initial=0)
        for boxes in all_boxes_at_thresholds(score_map, thresholds, rule)
    ]


def count_pairs(rank, hits):
    """Count right images by tight and loose threshold, ``(T, T)``.

    For a class ranked first or second either box may be right, for a class
    ranked third only the loose box.

    Args:
        rank (array): ``(n,)`` rank of the true class; 0 is the first.
        hits (array): ``(n, T)`` bool.
    """
    # float32 is exact up to 2**24, and its product is fast.
    two = hits[rank < 2].astype(np.float32)
    both, one = (two.T @ two).astype(np.int64), hits[rank < 2].sum(0)
    return one[:, None] + one - both + hits[rank == 2].sum(0)


def count_either(rank, hits, second):
    """Count right images by threshold ``(T,)``; ``second`` also has hits."""
    either = hits[rank < 2] | second[rank < 2]
    return either.sum(0) + hits[rank == 2].sum(0)


def star_right(counts, choice):
    """Give the right images at the choice and at the optimum, or None.

    Args:
        counts (dict): Counts; they may have ``star_pair`` or ``star_second``.
        choice (ThresholdChoice): A decided choice.
    """
    if 'star_pair' in counts:
        right = counts['star_pair']
        # The tight threshold is the higher one.
        return right[choice.tight, choice.loose], np.tril(right).max()
    if 'star_second' in counts:
        right = counts['star_second']
        return right[choice.index], right.max()
    return None
