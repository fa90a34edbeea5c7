"""Choose with true boxes how objects are divided and how sure boxes are.

``valley`` and ``confidence`` are stored with the threshold that they were
chosen at, see `mmspg.evaluation.choices`.
"""

from collections.abc import Sequence

import numpy as np

from .functional import box_iou, get_rule
from .functional.confidence import (
    FOLDS,
    calibration_error,
    confidence_of,
    fit_confidence,
    folds_of,
    precision_at_coverage,
)
from .locate import locate_objects, true_objects
from .protocol import Protocol
from .samples import predicted_labels, true_labels

VALLEYS = (None, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
FOR_VALLEY = 500  # images that are enough to choose among a few valleys
IOU = 0.5


def choose_box_step(samples: Sequence[dict], protocol: Protocol) -> dict:
    """Choose the valley, and fit the confidence.

    The valley is the one with the best F1 of the boxes of the true classes
    at an IoU of .5, where every true box can be found once. Of equals, one
    box for each class counts. The confidence is fitted to the boxes of the
    predicted classes, and kept if more of the surer half than of all are
    right, cross-validated.

    Args:
        samples (Sequence[dict]): Predictions with ``ori_gt_bboxes``, see
            `SampleRecorder`.
        protocol (Protocol): Threshold and rule.

    Returns:
        dict: ``valley`` and ``confidence``, for a choice.
    """
    some = samples[:: max(1, -(-len(samples) // FOR_VALLEY))]
    # Other rules box all of the foreground, which has no objects.
    divides = get_rule(protocol.rule).part.startswith('largest')
    valleys = VALLEYS if divides else (None,)
    figures = [
        box_f1(some, protocol._replace(valley=valley)) for valley in valleys
    ]
    protocol = protocol._replace(valley=valleys[int(np.argmax(figures))])
    features, right, _ = judge(samples, protocol)
    confidence = fit_confidence(features, right)
    if confidence:
        held_out = _cross_fitted(features, right)
        confidence.update(reliability(held_out, right))
        if confidence['precision_half'] <= confidence['precision']:
            confidence = None
    return dict(valley=protocol.valley, confidence=confidence)


def box_f1(samples: Sequence[dict], protocol: Protocol) -> float:
    """Compute the F1 of the boxes of the true classes, in [0, 1]."""
    hits = boxes = truths = 0
    for sample in samples:
        labels = sorted(set(true_labels(sample)))
        found = locate_objects(sample, labels, protocol)
        truth, of = true_objects(sample)
        boxes, truths = boxes + len(found), truths + len(truth)
        free = np.ones(len(truth), bool)
        for one in sorted(found, key=lambda one: -one.score):
            ious = box_iou([one.box], truth)[0] * (free & (of == one.label))
            if ious.max(initial=0) >= IOU:
                free[ious.argmax()] = False
                hits += 1
    return 2 * hits / max(1, boxes + truths)


def judge(
    samples: Sequence[dict], protocol: Protocol
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Describe all boxes of the predicted classes, and say which are right.

    Returns:
        tuple[ndarray]: Features ``(n, F)``, see `box_features`; ``(n,)``
        bool, true if the IoU with a true box of the class is at least .5; and
        scores ``(n,)``.
    """
    features, right, scores = [], [], []
    for sample in samples:
        truth, of = true_objects(sample)
        mapped = set(map(int, sample['score_map_labels']))
        labels = [c for c in predicted_labels(sample) if c in mapped]
        for one in locate_objects(sample, labels, protocol, describe=True):
            ious = box_iou([one.box], truth)[0] * (of == one.label)
            features.append(one.features)
            right.append(ious.max(initial=0) >= IOU)
            scores.append(one.score)
    return np.array(features), np.array(right, bool), np.array(scores)


def reliability(confidence, right) -> dict[str, float]:
    """Measure how far a confidence can be trusted.

    Args:
        confidence (array): ``(n,)`` in [0, 1].
        right (array): ``(n,)`` bool.

    Returns:
        dict: ``precision`` of all boxes, ``precision_half`` of the surer
        half, and ``calibration_error``, all in [0, 1].
    """
    _, precision = precision_at_coverage(confidence, right)
    return dict(
        precision=float(precision[-1]),
        precision_half=float(precision[max(0, len(precision) // 2 - 1)]),
        calibration_error=calibration_error(confidence, right),
    )


def precision_report(samples: Sequence[dict], protocol: Protocol) -> dict:
    """Compute precision over coverage of the predicted boxes, for a report.

    Args:
        samples (Sequence[dict]): Predictions with ``ori_gt_bboxes``.
        protocol (Protocol): If it has no confidence, the scores replace it.

    Returns:
        dict: ``precision``, a curve in percent over the share of boxes that
        are kept, and ``reliability``, the same in words.
    """
    features, right, scores = judge(samples, protocol)
    words = 'by class score, as no confidence was fitted (uncalibrated)'
    if protocol.confidence:
        scores = confidence_of(features, protocol.confidence)
        words = 'by confidence'
    coverage, precision = precision_at_coverage(scores, right)
    found = reliability(scores, right)
    shown = np.unique(np.linspace(0, len(right) - 1, 100).astype(int))
    text = (
        f'{len(right)} boxes of predicted classes: '
        f'{100 * found["precision"]:.1f} % have an IoU of at least {IOU:g} '
        'with a true box of their class. Of the surer half, '
        f'{words}, {100 * found["precision_half"]:.1f} % have.'
    )
    if protocol.confidence:
        text += (
            ' The expected calibration error is '
            f'{100 * found["calibration_error"]:.1f} points.'
        )
    curve = dict(name='precision', values=(100 * precision[shown]).tolist())
    return dict(
        precision=dict(thresholds=coverage[shown].tolist(), series=[curve]),
        reliability=text,
    )


def _cross_fitted(features, right):
    """Give the confidence of each box by a fit to other boxes."""
    fold = folds_of(len(right))
    confidence = np.full(len(right), right.mean())
    for i in range(FOLDS):
        fit = fit_confidence(features[fold != i], right[fold != i])
        if fit:
            confidence[fold == i] = confidence_of(features[fold == i], fit)
    return confidence
