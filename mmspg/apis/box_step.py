"""Turn an exported model's score map into a box, with NumPy alone.

Copy this file to the machine where the model runs
(``tools/deployment/export.py`` puts it beside the model). It does what
`locate` does with the rule 'largest_area', for maps that cover the whole
image, as in the paper's test pipeline.
"""

import numpy as np


def box_of(
    score_map,
    image_size,
    threshold=0.2,
    align_corners=False,
    normalise=True,
):
    """Upsample and normalise a map, cut it, and box its largest part.

    Args:
        score_map (array): ``(h, w)``, over the whole image, in any range.
        image_size (tuple[int]): (width, height) of the image.
        threshold (float): Scores above it are foreground; in [0, 1].
        align_corners (bool): See PyTorch's ``interpolate``. Defaults to False.
        normalise (bool): Min-max normalise the map. Give False if the steps
            of the exported model bring it to [0, 1]; ``normalise`` in its
            model.json tells. Defaults to True.

    Returns:
        tuple[int]: x0, y0, x1, y1 in inclusive pixels of the image. All are
        zero if the map is constant or no score is above the threshold.
    """
    upsampled = upsample(score_map, image_size, align_corners)
    low, high = upsampled.min(), upsampled.max()
    if not high > low:
        return 0, 0, 0, 0
    if normalise:
        upsampled = (upsampled - low) / (high - low)
    return largest_box(upsampled > threshold)


def upsample(score_map, image_size, align_corners=False):
    """Resize bilinearly: ``(h, w)`` to ``(height, width)`` float64."""
    score_map = np.asarray(score_map, np.float64)
    for axis, side in ((1, image_size[0]), (0, image_size[1])):
        cells = score_map.shape[axis]
        if align_corners:
            at = np.arange(side) * (cells - 1) / max(side - 1, 1)
        else:
            at = (np.arange(side) + 0.5) * cells / side - 0.5
        at = np.clip(at, 0, cells - 1)
        below = np.minimum(at.astype(int), max(cells - 2, 0))
        weight = np.expand_dims(at - below, 1 - axis)
        low = score_map.take(below, axis)
        high = score_map.take(np.minimum(below + 1, cells - 1), axis)
        score_map = low + (high - low) * weight
    return score_map


def largest_box(mask):
    """Give the tight box of the largest 8-connected part of a mask.

    Args:
        mask (array): ``(H, W)`` bool.

    Returns:
        tuple[int]: x0, y0, x1, y1, inclusive. Of parts of equal size the one
        whose first pixel comes first counts. All are zero if the mask is
        empty.
    """
    parent, boxes, areas = [], [], []

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    above = []
    for y, row in enumerate(np.asarray(mask, bool)):
        edges = np.flatnonzero(np.diff(np.pad(row, 1).astype(np.int8)))
        here = []
        for begin, end in zip(edges[::2], edges[1::2]):  # noqa: B905
            i = len(parent)
            parent.append(i)
            boxes.append((begin, y, end - 1, y))
            areas.append(end - begin)
            here.append((begin, end, i))
            for other_begin, other_end, j in above:
                if begin <= other_end and other_begin <= end:  # corners too
                    first, last = sorted((root(i), root(j)))
                    if first != last:
                        parent[last] = first
                        areas[first] += areas[last]
                        a, b = boxes[first], boxes[last]
                        boxes[first] = (
                            min(a[0], b[0]),
                            min(a[1], b[1]),
                            max(a[2], b[2]),
                            max(a[3], b[3]),
                        )
        above = here
    roots = [i for i in range(len(parent)) if parent[i] == i]
    if not roots:
        return 0, 0, 0, 0
    best = max(roots, key=lambda i: areas[i])
    return tuple(int(corner) for corner in boxes[best])
