"""The WSOL benchmark's grid, 224 x 224 for every image, and its thresholds.

Grid and thresholds are those of Choe et al. (CVPR 2020), and give the same
figures.
"""

import cv2
import numpy as np

from ..functional.score_maps import (
    as_float,
    in_unit_range,
    is_flat,
    min_max,
    place_score_map,
)
from ..functional.steps import apply_steps

SIDE = 224


def wsol_thresholds(interval=0.001):
    """Give ``(T,)`` float64 by numpy's arange: i / 1000 cuts differently."""
    if not 1e-5 <= interval <= 1:
        raise ValueError(
            f'interval={interval!r}: expected the distance of the '
            'thresholds, .00001 to 1'
        )
    return np.arange(0, 1, interval)


def wsol_boxes(boxes, image_size, size=(SIDE, SIDE)):
    """Scale true boxes to the grid, and truncate them to integers.

    Args:
        boxes (array): ``(n, 4)`` annotated x0 y0 x1 y1 (inclusive).
        image_size (tuple[int]): (w, h) of the image.
        size (tuple[int]): (w, h) of the grid. Defaults to 224 squared.

    Returns:
        ndarray: ``(n, 4)`` int64.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    new, old = (np.asarray(s, np.float64) for s in (size, image_size))
    # The order of the two operations matters to the last digit.
    return (boxes * np.tile(new, 2) / np.tile(old, 2)).astype(np.int64)


def wsol_score_map(score_map, size=SIDE, steps=()):
    """Resize a map cubically to ``size`` squared, then min-max normalise it.

    If there are steps, they bring it to [0, 1] before it is resized instead.

    Args:
        score_map (array): ``(h, w)``, raw.
        size (int): Side of the grid. Defaults to 224.
        steps (Sequence): See `mmspg.evaluation.functional.steps`.

    Returns:
        ndarray: ``(size, size)`` in [0, 1], see `min_max`.
    """
    score_map = as_float(score_map)
    if is_flat(score_map):
        # Interpolation would round a constant to values that differ.
        return np.zeros((size, size), score_map.dtype)
    if steps:
        score_map = apply_steps(score_map, steps)
    resized = cv2.resize(
        score_map, (size, size), interpolation=cv2.INTER_CUBIC
    )
    return in_unit_range(resized) if steps else min_max(resized)


def on_wsol_grid(raw, sample, steps=()):
    """Put a raw map on the 224 x 224 grid of the whole image.

    If the network saw the whole image, as in the benchmark, the map is
    resized by the benchmark's cubic interpolation. The benchmark has no crops
    and mirror images. For these the map is placed back bilinearly, with zeros
    outside the crop.

    Args:
        raw (array): ``(h, w)``.
        sample (dict): A sample with ``ori_shape`` (h, w), ``img_shape``
            (h, w) and the pipeline's ``homography`` ``(3, 3)``.
        steps (Sequence): See `mmspg.evaluation.functional.steps`.

    Returns:
        ndarray: ``(224, 224)`` in [0, 1].
    """
    homography = sample.get('homography')
    if homography is None:
        return wsol_score_map(raw, steps=steps)
    height, width = sample['ori_shape'][:2]
    from_grid = np.diag([width / SIDE, height / SIDE, 1.0])
    homography = np.asarray(homography, np.float64) @ from_grid
    input_h, input_w = sample['img_shape'][:2]
    whole = np.diag([input_w / SIDE, input_h / SIDE, 1.0])
    # A resize rounds to whole pixels, which is less than a pixel of the grid.
    if np.allclose(homography / homography[2, 2], whole, atol=1e-2):
        return wsol_score_map(raw, steps=steps)
    return place_score_map(
        raw, (SIDE, SIDE), (input_w, input_h), homography, steps=steps
    )
