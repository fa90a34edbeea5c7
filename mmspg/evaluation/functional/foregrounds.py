"""Cut a score map by a rule into nested foregrounds.

The foregrounds of one map are nested. They are given as ``levels`` ``(H, W)``,
a few small integers, and one floor for each threshold: the foreground is
``levels >= floor``. What depends only on the foreground is then computed once
for each floor and not once for each threshold.
"""

import numpy as np


def grey_foregrounds(score_map, thresholds):
    """Cut at grey level > int(t * highest grey level), as the benchmark."""
    # The benchmark truncates to 256 grey levels in float64.
    grey = _in_unit_range(score_map).astype(np.float64) * 255
    grey = grey.astype(np.uint8)
    cuts = np.asarray(thresholds, np.float64) * float(grey.max())
    return grey, cuts.astype(np.int64) + 1


def value_foregrounds(score_map, thresholds):
    """Cut at score > t, in float64."""
    return _rank(_in_unit_range(score_map), thresholds)


def maximum_foregrounds(score_map, thresholds):
    """Cut at score > t * the map's maximum."""
    score_map = _finite(score_map)
    return _rank(score_map, np.multiply(thresholds, float(score_map.max())))


def mean_foregrounds(score_map, thresholds):
    """Cut at score > t * the map's mean; a constant map has no foreground."""
    score_map = _finite(score_map)
    mean = score_map.mean(dtype=np.float64)
    cuts = np.multiply(thresholds, mean)
    if score_map.min() == score_map.max():
        cuts = np.full_like(cuts, np.inf)
    return _rank(score_map, cuts)


def energy_foregrounds(score_map, thresholds):
    """Take the fewest highest pixels, with ties, that have t of the sum."""
    score_map = _finite(score_map)
    if score_map.min() < 0:
        raise ValueError(
            "rule 'energy' needs scores >= 0, "
            f'got a minimum of {score_map.min()}. Clip or normalise the map'
        )
    values = np.sort(score_map, axis=None)[::-1]
    energy = np.cumsum(values, dtype=np.float64)
    if values[0] == values[-1]:
        cuts = np.full(len(thresholds), np.inf)
    else:
        last = np.searchsorted(energy, np.multiply(thresholds, energy[-1]))
        lowest = values[np.minimum(last, values.size - 1)]
        # `_rank` cuts at >, so the cut lies just below the lowest kept score.
        cuts = np.nextafter(lowest.astype(np.float64), -np.inf)
    return _rank(score_map, cuts)


def _rank(score_map, cuts):
    """Give the number of cuts below every pixel, and the floor of each cut."""
    distinct, inverse = np.unique(
        np.asarray(cuts, np.float64), return_inverse=True
    )
    # numba takes half a second to import, and a training may need no box.
    from .joining import cuts_below

    levels = np.empty(score_map.shape, f'u{1 + (distinct.size > 255)}')
    # A score in a lower bucket is lower, since rounding keeps the order.
    # Scores are halved, since the distance of two floats may overflow.
    low, high = np.float64([score_map.min(), score_map.max()]) / 2
    with np.errstate(over='ignore', divide='ignore'):
        scale = min(2 * distinct.size / (high - low), 1e300)
        buckets = np.floor((distinct / 2 - low) * scale)
    reached = np.arange(2 * distinct.size + 2)
    before = np.searchsorted(buckets, reached)
    cuts_below(score_map, distinct, before, low, scale, levels)
    return levels, inverse.reshape(-1) + 1


def _finite(score_map):
    score_map = np.asarray(score_map)
    if score_map.ndim != 2 or score_map.size == 0:
        raise ValueError(f'score_map must be (H, W), got {score_map.shape}')
    if score_map.dtype not in (np.float32, np.float64):
        score_map = score_map.astype(np.float64)  # numba has no float16
    if not (np.isfinite(score_map.min()) and np.isfinite(score_map.max())):
        raise ValueError('score_map has a NaN or an infinity')
    return score_map


def _in_unit_range(score_map):
    score_map = _finite(score_map)
    low, high = score_map.min(), score_map.max()
    if low < 0 or high > 1:
        raise ValueError(
            f'score_map must be in [0, 1], got [{low}, {high}]. '
            'Normalise it with min_max'
        )
    return score_map
