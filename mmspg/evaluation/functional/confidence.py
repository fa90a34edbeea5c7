"""Give each box a calibrated probability that it is right.

A box is right if its IoU with a true box of its class is at least .5. A
logistic regression predicts this from features that need no true boxes: class
scores, the size of the box, contrast and spread of the map, and how little the
box changes with the threshold. It is fitted on images with boxes.
"""

import numpy as np

from .boxes import boxes_at_thresholds
from .iou import box_iou

FEATURES = (
    *('class_logit', 'class_gap', 'class_entropy', 'peak'),
    *('width', 'height', 'width_squared', 'height_squared', 'borders'),
    *('contrast', 'fill', 'spread'),
    *('stable_half', 'stable_double', 'stable_triple'),
    *(f'class_map_{of}' for of in ('best', 'mean', 'inside', 'alike')),
    *(f'feature_map_{of}' for of in ('best', 'mean', 'inside', 'alike')),
)
LEVELS = np.arange(1, 20) / 20  # at which the other maps are cut
# This shrinks the weights, since a few hundred boxes are not many.
RIDGE = 10.0
# With fewer right or wrong boxes nothing is fitted.
FEWEST = 10
FOLDS = 5


def box_features(
    score_map,
    box,
    threshold,
    scores,
    label,
    rule='largest_area',
    peak=1.0,
    support=(),
):
    """Describe a box without the truth.

    Args:
        score_map (array): ``(H, W)``, in [0, 1], the map on the image.
        box (array): ``(4,)`` x0 y0 x1 y1 in inclusive pixels.
        threshold (float): Score at which the map was cut.
        scores (array): ``(C,)`` class scores in [0, 1].
        label (int): The class of the box.
        rule (str): One of `RULES` that gives one box.
        peak (float): The highest score in the box. Defaults to 1.
        support (Sequence): The class map and the feature map, ``(H, W)`` in
            [0, 1]. Without them their features are NaN.

    Returns:
        ndarray: ``(F,)`` float64, in the order of `FEATURES`: log-odds of
        the class; log-ratio to the best other class; entropy of all classes;
        peak; the box's width and height as shares of the image, and their
        squares; number of image borders that the box touches; mean inside
        minus mean outside the box; share of the box above the threshold;
        standard deviation of the map's mass, as a share of the sides; IoU
        with the box at half, double and triple the threshold; and for each
        other map, the best and the mean IoU with its boxes, the share of its
        mass in the box, and its correlation with the score map.
    """
    score_map = np.asarray(score_map, np.float64)
    scores = np.clip(np.asarray(scores, np.float64), 1e-6, 1 - 1e-6)
    h, w = score_map.shape
    x0, y0, x1, y1 = (int(v) for v in box)
    inside = score_map[y0 : y1 + 1, x0 : x1 + 1]
    outside = (score_map.sum() - inside.sum()) / max(1, h * w - inside.size)
    own, others = scores[label], np.delete(scores, label)
    shares = scores / scores.sum()
    width, height = (x1 - x0 + 1) / w, (y1 - y0 + 1) / h
    others_at = boxes_at_thresholds(
        score_map, threshold * np.array([0.5, 2, 3]), rule
    )
    return np.array(
        [
            np.log(own / (1 - own)),
            np.log(own / others.max(initial=1e-6)),
            -(shares * np.log(shares)).sum(),
            peak,
            *(width, height, width**2, height**2),
            (x0 <= 1) + (y0 <= 1) + (x1 >= w - 2) + (y1 >= h - 2),
            inside.mean() - outside,
            (inside > threshold).mean(),
            _spread(score_map),
            *box_iou([box], others_at)[0],
            *(v for m in support for v in _agreement(score_map, box, m)),
            *([np.nan] * (0 if len(support) else 8)),
        ]
    )


def _agreement(score_map, box, other):
    """How far another map agrees with a box and its map."""
    other = np.asarray(other, np.float64)
    ious = box_iou([box], boxes_at_thresholds(other, LEVELS))[0]
    x0, y0, x1, y1 = (int(v) for v in box)
    mass = other[y0 : y1 + 1, x0 : x1 + 1].sum() / max(other.sum(), 1e-9)
    one, two = score_map - score_map.mean(), other - other.mean()
    norm = np.sqrt((one**2).sum() * (two**2).sum())
    return ious.max(), ious.mean(), mass, (one * two).sum() / max(norm, 1e-9)


def _spread(score_map):
    total = score_map.sum()
    if total == 0:
        return 0.0
    variance = 0.0
    for axis in (0, 1):
        mass = score_map.sum(axis=1 - axis) / total
        at = (np.arange(len(mass)) + 0.5) / len(mass)
        variance += mass @ (at - mass @ at) ** 2
    return np.sqrt(variance)


def fit_confidence(features, right):
    """Fit the probability that a box is right (logistic regression).

    Args:
        features (array): ``(n, F)``, from `box_features`.
        right (array): ``(n,)`` bool.

    Returns:
        dict | None: Values for JSON: ``features``, ``mean``, ``scale`` and
        ``weights`` (lists), ``bias``, and the counts ``boxes`` and
        ``right``. None if there are fewer than ten right or ten wrong boxes.
    """
    features = np.asarray(features, np.float64)
    # A network without such a map says nothing by it.
    features = np.where(np.isnan(features).any(axis=0), 0, features)
    right = np.asarray(right, bool)
    if min(right.sum(), (~right).sum()) < FEWEST:
        return None
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale < 1e-9] = 1.0
    x = (features - mean) / scale
    *weights, bias = _logistic(x, right, RIDGE)
    # The ridge pulls the probabilities towards the mean. Boxes that were not
    # used for the fit show by how much (Platt scaling).
    fold = folds_of(len(right))
    unseen = np.empty(len(right))
    for i in range(FOLDS):
        *part, shift = _logistic(x[fold != i], right[fold != i], RIDGE)
        unseen[fold == i] = x[fold == i] @ part + shift
    slope, shift = _logistic(unseen[:, None], right, 1e-3)
    slope = max(slope, 0.0)
    return dict(
        features=list(FEATURES),
        mean=mean.tolist(),
        scale=scale.tolist(),
        weights=(slope * np.array(weights)).tolist(),
        bias=float(slope * bias + shift),
        boxes=len(right),
        right=int(right.sum()),
    )


def folds_of(number):
    """Divide boxes into `FOLDS` random parts, the same ones each time."""
    return np.random.default_rng(0).permutation(number) % FOLDS


def _logistic(x, right, ridge):
    """Find weights and bias with the best penalised likelihood."""
    x = np.column_stack([x, np.ones(len(x))])
    penalty = np.diag([ridge] * (x.shape[1] - 1) + [1e-6])
    weights = np.zeros(x.shape[1])
    # Newton's method; the penalty makes the loss strictly convex.
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - right) + penalty @ weights
        curvature = (x.T * (p * (1 - p))) @ x + penalty
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def is_fit(fit) -> bool:
    """Tell whether something read from a file is a fit."""
    try:
        rows = np.array(
            [fit[part] for part in ('mean', 'scale', 'weights')], np.float64
        )
        finite = np.isfinite([*rows.flat, fit['bias']]).all()
        shaped = rows.shape == (3, len(fit['features']))
    except (KeyError, TypeError, ValueError):
        return False
    return bool(shaped and finite and (rows[1] > 0).all())


def confidence_of(features, fit):
    """Compute the probability that boxes are right.

    Args:
        features (array): ``(..., F)``, from `box_features`.
        fit (dict): From `fit_confidence`.

    Returns:
        ndarray: ``(...)`` float64 in (0, 1); NaN if a feature that counts
        in the fit is missing.

    Raises:
        ValueError: Another version has fitted it to other features.
    """
    if list(fit.get('features', ())) != list(FEATURES):
        raise ValueError(
            'the stored confidence was fitted to other features than this '
            'version has. Fit it again with sweep_threshold.py'
        )
    weights = np.asarray(fit['weights'])
    used = weights != 0
    x = (np.asarray(features, np.float64) - fit['mean']) / fit['scale']
    logits = x[..., used] @ weights[used] + fit['bias']
    return 1 / (1 + np.exp(-logits))


def precision_at_coverage(confidence, right):
    """Compute the precision of the k surest boxes for every k.

    Args:
        confidence (array): ``(n,)``.
        right (array): ``(n,)`` bool.

    Returns:
        tuple[ndarray]: The coverage ``(n,)``, 1/n to 1, and the precision of
        this share of the boxes, in [0, 1].
    """
    order = np.argsort(-np.asarray(confidence, np.float64), kind='stable')
    kept = np.arange(1, len(order) + 1)
    return kept / max(1, len(order)), np.cumsum(np.take(right, order)) / kept


def calibration_error(confidence, right, bins=10):
    """Compute the expected calibration error (Guo et al., ICML 2017).

    Args:
        confidence (array): ``(n,)`` in [0, 1].
        right (array): ``(n,)`` bool.
        bins (int): Number of bins of equal width. Defaults to 10.

    Returns:
        float: Mean gap between confidence and precision of the bins, weighted
        by their numbers of boxes, in [0, 1].
    """
    confidence = np.asarray(confidence, np.float64)
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(index, confidence - np.asarray(right, np.float64), bins)
    return float(np.abs(gaps).sum() / max(1, len(confidence)))
