"""Place a raw score map on its image, with scores in [0, 1]."""

import cv2
import numpy as np

from .steps import apply_steps


def as_float(array):
    """Convert an array to float32, but keep float64."""
    array = np.asarray(array)
    return array if array.dtype == np.float64 else array.astype(np.float32)


def is_flat(score_map):
    """Tell whether a map is constant or has a NaN or an infinity.

    `min_max` gives zeros for such a map. A caller that should warn of it or
    refuse it calls this function first.
    """
    with np.errstate(invalid='ignore', over='ignore'):
        span = np.ptp(as_float(score_map))
    return not (np.isfinite(span) and span > 0)


def min_max(score_map):
    """Min-max normalise a map. A flat map (`is_flat`) becomes zeros.

    Args:
        score_map (array): Any shape, any sign.

    Returns:
        ndarray: The same shape, in [0, 1]. float64 stays float64, other types
        become float32.
    """
    score_map = as_float(score_map)
    if is_flat(score_map):
        return np.zeros_like(score_map)
    score_map = score_map - score_map.min()
    return score_map / score_map.max()


def in_unit_range(score_map):
    """Clip scores that interpolation has moved outside [0, 1]."""
    return np.clip(score_map, 0, 1)


def place_score_map(
    score_map,
    image_size,
    input_size,
    homography=None,
    align_corners=False,
    steps=(),
):
    """Place a raw map on its stored image, as the paper's protocol does.

    The map is resized bilinearly to the region of the image that the network
    saw (all of it, unless the pipeline crops), and min-max normalised there.
    If there are steps, they bring it to [0, 1] before it is resized instead.
    Outside the region the result is zero.

    Args:
        score_map (array): ``(h, w)``, raw, over the network's input.
        image_size (tuple[int]): (W, H) of the stored image.
        input_size (tuple[int]): (w, h) of the network's input.
        homography (array, optional): ``(3, 3)``, maps continuous pixels of
            the stored image to those of the input through resizes, crops and
            flips. None: the image was resized to the input.
        align_corners (bool): See `torch.nn.functional.interpolate`. True
            puts the first and the last cell on the region's first and last
            pixel. Defaults to False.
        steps (Sequence): See `mmspg.evaluation.functional.steps`.

    Returns:
        ndarray: ``(H, W)`` float32 in [0, 1].

    Raises:
        ValueError: The homography rotates, shears or is not ``(3, 3)``.
    """
    score_map = np.asarray(score_map, np.float32)
    if score_map.ndim != 2 or score_map.size == 0:
        raise ValueError(
            f'score_map must be (h, w), got shape {score_map.shape}. '
            'Give the maps of several classes one by one'
        )
    if is_flat(score_map):
        return np.zeros(image_size[::-1], np.float32)
    finish = min_max
    if steps:
        score_map, finish = apply_steps(score_map, steps), in_unit_range
    regions = regions_of(image_size, input_size, homography)
    flips = tuple(slice(None, None, -1 if r[1] < r[0] else 1) for r in regions)
    score_map = score_map[flips[::-1]]
    regions = [sorted(region) for region in regions]
    whole = [(0, side) for side in image_size]
    if not align_corners and np.allclose(regions, whole, atol=1e-3):
        resized = cv2.resize(
            np.ascontiguousarray(score_map),
            tuple(image_size),
            interpolation=cv2.INTER_LINEAR,
        )
        return finish(resized)
    columns, rows = (
        _samples(*region, side, cells, align_corners)
        for region, side, cells in zip(
            regions, image_size, score_map.shape[::-1], strict=True
        )
    )
    placed = np.zeros(image_size[::-1], np.float32)
    resized = _lerp(_lerp(score_map, *rows[1:]).T, *columns[1:]).T
    if resized.size:
        placed[rows[0], columns[0]] = finish(resized)
    return placed


def regions_of(image_size, input_size, homography):
    """Give the begin and end of the input on the image, for x and for y."""
    if homography is None:
        return [(0.0, float(side)) for side in image_size]
    homography = np.asarray(homography, np.float64)
    if homography.shape != (3, 3):
        raise ValueError(
            f'homography must be (3, 3), got shape {homography.shape}'
        )
    homography = homography / homography[2, 2]
    scale, shift = np.diag(homography)[:2], homography[:2, 2]
    axes_only = np.diag(np.append(scale, 1.0))
    axes_only[:2, 2] = shift
    if not np.allclose(homography, axes_only, atol=1e-6) or not scale.all():
        raise ValueError(
            'a score map can be placed back only through resizes, crops and '
            f'flips, and this homography does more:\n{homography}'
        )
    return [
        ((0 - t) / s, (side - t) / s)
        for s, t, side in zip(scale, shift, input_size, strict=True)
    ]


def _samples(begin, end, side, cells, align_corners):
    """Give the slice of pixels in the region, and where they sample."""
    first = max(0, int(np.ceil(begin - 0.5 - 1e-6)))
    last = min(side, int(np.floor(end - 0.5 + 1e-6)) + 1)
    pixels = np.arange(first, max(first, last)) + 0.5 - begin
    if align_corners:
        at = (pixels - 0.5) * (cells - 1) / max(end - begin - 1, 1e-6)
    else:
        at = pixels * cells / (end - begin) - 0.5
    at = np.clip(at, 0, cells - 1)
    below = np.minimum(at.astype(np.int64), max(cells - 2, 0))
    above = np.minimum(below + 1, cells - 1)
    weight = (at - below).astype(np.float32)
    return slice(first, max(first, last)), below, above, weight


def _lerp(array, below, above, weight):
    """Interpolate linearly along the first axis."""
    low, high = array[below], array[above]
    return low + (high - low) * weight[:, None]
