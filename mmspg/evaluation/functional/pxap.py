"""Compute the WSOL benchmark's PxAP, pixel average precision.

Histograms of the scores of true and of false pixels are summed over the data
set. The area under precision and recall is then computed once, without
interpolation (Choe et al., CVPR 2020).
"""

import numpy as np

IGNORE = 255


def pxap_edges(thresholds):
    """Give the edges ``(T + 3,)`` of the bins: the thresholds, 1, 2 and 3."""
    return np.append(np.asarray(thresholds, np.float64), (1.0, 2.0, 3.0))


def pxap_histograms(score_map, mask, thresholds):
    """Compute the histograms of one image; sum those of all images.

    Args:
        score_map (array): ``(H, W)`` in [0, 1].
        mask (array): ``(H, W)``: 1 is true, 0 false, and 255 does not count.
        thresholds (array): ``(T,)`` increasing from 0.

    Returns:
        ndarray: ``(2, T + 2)`` int64: true pixels, then false ones.

    Raises:
        ValueError: The shapes differ, or a score is outside [0, 1].
    """
    score_map, mask = np.asarray(score_map), np.asarray(mask)
    if score_map.shape != mask.shape:
        raise ValueError(
            f'score_map {score_map.shape} and mask {mask.shape} must have '
            'the same shape. Resize the mask to the map'
        )
    if not (score_map.min() >= 0 and score_map.max() <= 1):
        raise ValueError('score_map must be in [0, 1]; normalise it first')
    edges = pxap_edges(thresholds)
    # No score reaches the last edge, 3, so no bin has a closed end.
    bins = np.searchsorted(edges, score_map, side='right') - 1
    return np.stack(
        [
            np.bincount(bins[mask == value], minlength=len(edges) - 1)
            for value in (1, 0)
        ]
    )


def pxap(histograms):
    """Compute PxAP from the pooled histograms.

    Args:
        histograms (array): ``(2, T + 2)``, the sum of `pxap_histograms`.

    Returns:
        float: PxAP in percent; NaN if no image has a true pixel.
    """
    true, false = np.asarray(histograms, np.float64)
    if true.sum() == 0:
        return float('nan')
    tp = np.cumsum(true[::-1])
    fp = np.cumsum(false[::-1])
    recall = tp / tp[-1]
    counted = (tp + fp) > 0
    precision = np.divide(tp, tp + fp, where=counted, out=np.zeros_like(tp))
    steps = (precision[1:] * np.diff(recall))[counted[1:]]
    return float(steps.sum() * 100)
