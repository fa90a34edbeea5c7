"""Top-5*: more than one box for the first classes of an image.

The classes ranked first and second have two boxes each, the third has one.
The second box is that of another threshold ('thresholds', (tight, loose)), or
that of the second largest component ('components', CAM's released code).
"""

import numpy as np

from ..functional import all_boxes_at_thresholds, box_iou

KINDS = (None, 'thresholds', 'components')


def second_ious(score_map, thresholds, rule, truth):
    """IoU ``(T,)`` of the second largest component's box, or 0."""
    return [
        box_iou(boxes[1:2], truth).max(initial=0)
        for boxes in all_boxes_at_thresholds(score_map, thresholds, rule)
    ]


def count_pairs(rank, hits):
    """Right images by tight and loose threshold, ``(T, T)``.

    Either box may hit for a class ranked first or second, and only the loose
    box for a class ranked third.

    Args:
        rank (array): ``(n,)`` of the true class, 0 is the first.
        hits (array): ``(n, T)`` bool.
    """
    # float32 is exact up to 2**24 and has a fast product.
    two = hits[rank < 2].astype(np.float32)
    both, one = (two.T @ two).astype(np.int64), hits[rank < 2].sum(0)
    return one[:, None] + one - both + hits[rank == 2].sum(0)


def count_either(rank, hits, second):
    """Right images by threshold ``(T,)``, ``second`` being hits, too."""
    either = hits[rank < 2] | second[rank < 2]
    return either.sum(0) + hits[rank == 2].sum(0)


def star_right(counts, choice):
    """Right images at the choice and at the optimum; None if not counted.

    Args:
        counts (dict): With ``star_pair``, ``star_second`` or neither.
        choice (ThresholdChoice): Decided.
    """
    if 'star_pair' in counts:
        right = counts['star_pair']
        # The tight threshold is the higher one.
        return right[choice.tight, choice.loose], np.tril(right).max()
    if 'star_second' in counts:
        right = counts['star_second']
        return right[choice.index], right.max()
    return None
