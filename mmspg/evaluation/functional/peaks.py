"""Box several objects of one score map if their peaks stand apart.

A box rule gives one box. So two objects get one box around both, or only one
of them gets a box. Here the foreground of the rule is divided first. A part of
it is an object if the map rises there at least ``valley`` above the cut. A
part is divided into two objects if a higher cut leaves two such parts; the
pixels between them go to the nearer one. If the valley between two objects is
shallower, they stay one.
"""

from typing import NamedTuple

import cv2
import numpy as np

from .boxes import boxes_at_thresholds, get_rule

STEP = 1 / 50  # distance of the cuts that are tried


class Objects(NamedTuple):
    """Objects of a map, those with most pixels first.

    ``boxes`` is ``(n, 4)`` int64 with the corners of the rule. ``heights`` is
    ``(n,)`` float64 in [0, 1], the highest score of each object.
    """

    boxes: np.ndarray
    heights: np.ndarray


def objects_of(
    score_map, threshold, rule='largest_area', valley=None, most=20
):
    """Box the objects of a score map.

    Args:
        score_map (array): ``(H, W)``, in [0, 1].
        threshold (float): Threshold of the rule at which it is cut.
        rule (str): One of `RULES` that boxes one part of the foreground.
        valley (float, optional): How far the map must fall between two
            objects, in (0, 1]. None: the one box of the rule.
        most (int): Largest number of objects. Defaults to 20.

    Returns:
        Objects: At least one object. If no part rises by ``valley``, it is
        the box of the rule.

    Raises:
        ValueError: The rule boxes more than one part, or ``valley`` or the
            map is out of range.
    """
    score_map = np.asarray(score_map)
    single = boxes_at_thresholds(score_map, [threshold], rule)
    x0, y0, x1, y1 = single[0]
    highest = score_map[y0 : y1 + 1, x0 : x1 + 1].max(keepdims=True)
    highest = highest.ravel().astype(np.float64)
    if valley is None:
        return Objects(single, highest)
    picked = get_rule(rule)
    if not picked.part.startswith('largest'):
        raise ValueError(
            f'rule {rule!r} boxes all of the foreground, which does not '
            "divide into objects. Use rule='largest_area'"
        )
    if not 0 < valley <= 1:
        raise ValueError(f'valley={valley}: expected a number in (0, 1]')
    levels, floors = picked.foreground(score_map, np.array([threshold]))
    mask = levels >= floors[0]
    if not mask.any():
        return Objects(single, highest)
    # What is left below the cut: how far the map falls between objects.
    cut = float(score_map[~mask].max(initial=0))
    _, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    tall = np.unique(labels[mask & (score_map >= cut + valley)])
    parts = [
        part
        for label in tall
        for part in _divide(score_map, labels == label, cut, valley)
    ]
    if not parts:
        return Objects(single, highest)
    parts = sorted(parts, key=lambda part: -part.sum())[:most]
    boxes = np.array([_tight(part) for part in parts])
    if picked.exclusive:
        last = np.array(score_map.shape[::-1]) - 1
        boxes[:, 2:] = np.minimum(boxes[:, 2:] + 1, last)
    heights = [score_map[part].max() for part in parts]
    return Objects(boxes, np.array(heights, np.float64))


def suppress(boxes, scores, iou=0.5):
    """Leave out each box that a better one overlaps (OpenCV's ``NMSBoxes``).

    Args:
        boxes (array): ``(n, 4)`` x0 y0 x1 y1 in inclusive pixels.
        scores (array): ``(n,)``. Of equal scores the first is better.
        iou (float): A box is left out if the IoU is higher. Defaults to .5.

    Returns:
        ndarray: Indices of the boxes that stay, in the given order.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    sizes = boxes[:, 2:] - boxes[:, :2] + 1
    # Ranks replace the scores, since OpenCV drops scores of zero.
    ranks = np.empty(len(boxes))
    ranks[np.argsort(-np.asarray(scores), kind='stable')] = np.arange(
        len(boxes), 0, -1
    )
    xywh = np.hstack([boxes[:, :2], sizes])
    stay = cv2.dnn.NMSBoxes(xywh.tolist(), ranks.tolist(), 0.0, iou)
    return np.sort(np.array(stay, np.int64).ravel())


def _divide(score_map, part, cut, valley):
    """Give the objects of one connected part as masks of the whole map."""
    x0, y0, x1, y1 = _tight(part)
    window = slice(y0, y1 + 1), slice(x0, x1 + 1)
    score_map, inside = score_map[window], part[window]
    top = float(score_map[inside].max())
    for level in np.arange(cut + STEP, top - valley, STEP):
        higher = inside & (score_map > level)
        number, labels = cv2.connectedComponents(
            higher.view(np.uint8), connectivity=8
        )
        if number < 3:
            continue
        tall = np.unique(labels[inside & (score_map >= level + valley)])
        if len(tall) < 2:
            continue
        labels[~np.isin(labels, tall)] = 0
        nearest = _nearest(labels)
        found = []
        for label in tall:
            whole = np.zeros_like(part)
            whole[window] = inside & (nearest == label)
            found.append(whole)
        original = np.zeros(part.shape, score_map.dtype)
        original[window] = score_map
        return [
            piece
            for one in found
            for piece in _divide(original, one, level, valley)
        ]
    return [part]


def _nearest(labels):
    """Give the label that is nearest to each pixel."""
    _, seeds = cv2.distanceTransformWithLabels(
        (labels == 0).view(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    names = np.zeros(seeds.max() + 1, labels.dtype)
    names[seeds[labels > 0]] = labels[labels > 0]
    return names[seeds]


def _tight(mask):
    y = np.flatnonzero(mask.any(axis=1))
    x = np.flatnonzero(mask.any(axis=0))
    return x[0], y[0], x[-1], y[-1]
