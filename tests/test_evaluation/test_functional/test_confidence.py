"""A probability that a box is right: fit, precision by coverage, error."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from mmspg.evaluation.functional import box_iou, boxes_at_thresholds
from mmspg.evaluation.functional.confidence import (
    FEATURES,
    RIDGE,
    box_features,
    calibration_error,
    confidence_of,
    fit_confidence,
    precision_at_coverage,
)


@pytest.fixture(scope='module')
def boxes():
    """Features of 400 boxes of which two say whether they are right."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, len(FEATURES))) * 3 + 5
    logits = features[:, 0] - features[:, 4] + 0.5
    return features, rng.random(400) < 1 / (1 + np.exp(-logits))


def test_weights_are_those_of_the_penalised_likelihood_but_for_scale(boxes):
    features, right = boxes
    fit = fit_confidence(features, right)
    x = (features - features.mean(0)) / features.std(0)

    def loss(weights):
        logits = x @ weights[:-1] + weights[-1]
        signs = np.where(right, 1, -1)
        likelihood = np.logaddexp(0, -signs * logits).sum()
        return likelihood + RIDGE / 2 * (weights[:-1] ** 2).sum()

    best = minimize(loss, np.zeros(x.shape[1] + 1), tol=1e-10).x[:-1]
    scale = np.linalg.norm(fit['weights']) / np.linalg.norm(best)
    assert scale > 1  # the ridge's shrinking is undone
    assert fit['weights'] == pytest.approx(scale * best, abs=1e-3)
    assert (fit['boxes'], fit['right']) == (400, right.sum())


def test_confidence_is_calibrated_and_survives_a_file(boxes):
    features, right = boxes
    fit = json.loads(json.dumps(fit_confidence(features[:200], right[:200])))
    confidence = confidence_of(features[200:], fit)
    assert ((confidence > 0) & (confidence < 1)).all()
    coverage, precision = precision_at_coverage(confidence, right[200:])
    assert coverage[99] == 0.5
    assert precision[99] > precision[-1] + 0.25
    assert calibration_error(confidence, right[200:]) < 0.1


def test_too_few_right_or_wrong_boxes_fit_nothing(boxes):
    features, right = boxes
    assert fit_confidence(features, np.zeros(400, bool)) is None
    assert fit_confidence(features, np.arange(400) >= 9) is None
    assert fit_confidence(features, np.arange(400) >= 10) is not None


def test_a_fit_to_other_features_is_refused(boxes):
    fit = fit_confidence(*boxes)
    fit['features'] = fit['features'][1:]
    with pytest.raises(ValueError, match=r'Fit it again with sweep_thr'):
        confidence_of(boxes[0], fit)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_curve_and_error_in_plain_words(pairs):
    confidence, right = map(list, zip(*pairs, strict=True))
    coverage, precision = precision_at_coverage(confidence, right)
    ranked = [r for _, r in sorted(pairs, key=lambda p: -p[0])]
    for i in range(len(pairs)):
        kept = ranked[: i + 1]
        assert coverage[i] == pytest.approx((i + 1) / len(pairs))
        assert precision[i] == pytest.approx(sum(kept) / len(kept))
    error = 0
    for low in range(10):
        inside = [p for p in pairs if min(9, int(p[0] * 10)) == low]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            share = sum(r for _, r in inside) / len(inside)
            error += abs(mean - share) * len(inside) / len(pairs)
    assert calibration_error(confidence, right) == pytest.approx(error)


def test_features_of_a_box():
    y, x = np.mgrid[:40, :60]
    hill = np.clip(1 - np.hypot(x - 20, y - 18) / 15, 0, 1)
    box = boxes_at_thresholds(hill, [0.2])[0]
    values = box_features(hill, box, 0.2, [0.7, 0.2, 0.1], 0)
    found = dict(zip(FEATURES, values, strict=True))
    assert found['class_logit'] == pytest.approx(np.log(0.7 / 0.3))
    assert found['class_gap'] == pytest.approx(np.log(0.7 / 0.2))
    assert found['width'] == pytest.approx((box[2] - box[0] + 1) / 60)
    assert found['height_squared'] == pytest.approx(found['height'] ** 2)
    assert found['borders'] == 0
    assert found['stable_triple'] == pytest.approx(
        box_iou([box], boxes_at_thresholds(hill, [0.6]))[0, 0]
    )
    assert 0 < found['contrast'] < found['fill'] < 1
    wide = box_features(np.ones((40, 60)), [0, 0, 59, 39], 0.2, [1.0], 0)
    found = dict(zip(FEATURES, wide, strict=True))
    assert found['borders'] == 4
    # A uniform map: the variance of each side is 1/12.
    assert found['spread'] == pytest.approx(np.sqrt(2 / 12), abs=1e-3)
    assert np.isfinite(wide[:-8]).all()


def test_features_of_other_maps():
    y, x = np.mgrid[:40, :60]
    hill = np.clip(1 - np.hypot(x - 14, y - 18) / 12, 0, 1)
    away = hill[:, ::-1]
    box = boxes_at_thresholds(hill, [0.2])[0]
    values = box_features(hill, box, 0.2, [0.7, 0.3], 0, support=(hill, away))
    found = dict(zip(FEATURES, values, strict=True))
    assert found['class_map_best'] == 1
    assert found['class_map_alike'] == pytest.approx(1)
    assert found['class_map_inside'] > 0.9
    assert found['feature_map_best'] == found['feature_map_inside'] == 0
    assert found['feature_map_alike'] < 0
    assert np.isfinite(values).all()


def test_a_network_without_other_maps_has_a_confidence_too(boxes):
    features, right = boxes[0].copy(), boxes[1]
    complete = fit_confidence(features, right)
    features[:, -8:] = np.nan
    fit = fit_confidence(features, right)
    assert fit['weights'][-8:] == [0] * 8
    assert np.isfinite(confidence_of(features, fit)).all()
    # What was fitted with them says nothing without.
    assert np.isnan(confidence_of(features, complete)).all()
