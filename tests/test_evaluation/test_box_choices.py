"""How many boxes a class has and how sure each is, chosen on true boxes."""

import numpy as np
import pytest

from mmspg.evaluation.box_choices import (
    box_f1,
    choose_box_step,
    judge,
    precision_report,
    reliability,
)
from mmspg.evaluation.choice_values import checked_choice
from mmspg.evaluation.functional.confidence import fit_confidence
from mmspg.evaluation.locate import locate_objects
from mmspg.evaluation.protocol import Protocol


def sample(objects, predicted=0, shift=0, score=0.9):
    """An image of class 0 whose map has a cone on each object (x, y, r)."""
    y, x = np.mgrid[:40, :80] + 0.5
    cones = [1 - np.hypot(x - cx - shift, y - cy) / r for cx, cy, r in objects]
    maps = np.maximum(np.max(cones, axis=0), 0)
    return dict(
        ori_shape=(40, 80),
        img_shape=(40, 80),
        score_map=[maps, maps],
        score_map_labels=[0, 1],
        pred_score=np.array([score, 1 - score]),
        pred_label=[predicted],
        gt_label=[0],
        ori_gt_bboxes=[
            [cx - 0.8 * r, cy - 0.8 * r, cx + 0.8 * r, cy + 0.8 * r]
            for cx, cy, r in objects
        ],
    )


def test_a_valley_is_chosen_where_objects_come_in_pairs():
    pairs = [sample([(18, 20, 15), (58, 20, 14)])] * 3
    chosen = choose_box_step(pairs, Protocol(0.2))
    assert chosen['valley'] is not None
    assert box_f1(pairs, Protocol(0.2, valley=chosen['valley'])) == 1
    assert box_f1(pairs, Protocol(0.2)) == pytest.approx(2 / 3)
    # All boxes are right: nothing tells a sure one from a doubtful one.
    assert chosen['confidence'] is None


def test_one_box_stays_where_objects_are_single():
    assert choose_box_step([sample([(40, 20, 15)])], Protocol(0.2)) == dict(
        valley=None, confidence=None
    )


def test_a_box_of_another_class_is_wrong_wherever_it_is():
    _, right, _ = judge(
        [sample([(40, 20, 15)]), sample([(40, 20, 15)], predicted=1)],
        Protocol(0.2),
    )
    assert right.tolist() == [True, False]


def test_a_confidence_that_tells_nothing_is_not_kept():
    """Whether a box is right has nothing to do with its image."""
    rng = np.random.default_rng(1)
    samples = [sample([(40, 20, 15)]) for _ in range(80)]
    for one in samples:
        if rng.random() < 0.7:
            one['ori_gt_bboxes'] = [[0, 0, 5, 5]]
    features, right, _ = judge(samples, Protocol(0.2))
    assert fit_confidence(features, right) is not None
    assert choose_box_step(samples, Protocol(0.2))['confidence'] is None


def test_a_confidence_is_fitted_stored_and_used():
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(120):
        doubtful = rng.random() < 0.5
        samples.append(
            sample(
                [(rng.uniform(20, 40), 20, rng.uniform(8, 16))],
                shift=30 * (rng.random() < (0.8 if doubtful else 0.1)),
                score=0.6 if doubtful else 0.95,
            )
        )
    chosen = choose_box_step(samples, Protocol(0.2))
    checked_choice(dict(chosen, threshold=0.2))
    fit = chosen['confidence']
    assert fit['precision_half'] > fit['precision'] + 0.15
    assert fit['calibration_error'] < 0.15
    protocol = Protocol(0.2, confidence=fit)
    _, right, scores = judge(samples, protocol)
    found = [locate_objects(s, [0], protocol)[0].confidence for s in samples]
    assert reliability(found, right)['precision'] == right.mean()
    report = precision_report(samples, protocol)
    assert '120 boxes' in report['reliability']
    assert 'expected calibration error' in report['reliability']
    (curve,) = report['precision']['series']
    assert curve['values'][-1] == pytest.approx(100 * right.mean())
    told = precision_report(samples, Protocol(0.2))['reliability']
    assert 'uncalibrated' in told
    assert 'calibration error' not in told
    assert set(scores) == {0.6, 0.95}
    assert np.mean(np.array(found)[right]) > np.mean(np.array(found)[~right])


@pytest.mark.parametrize(
    'broken',
    [
        dict(valley=0.0),
        dict(valley='deep'),
        dict(confidence=dict(mean=[1])),
        dict(
            confidence=dict(
                features=['a'], mean=[0], scale=[0], weights=[1], bias=0
            )
        ),
    ],
)
def test_a_broken_choice_is_refused(broken):
    with pytest.raises(ValueError, match=next(iter(broken))):
        checked_choice(dict(threshold=0.2, **broken))


@pytest.mark.parametrize('rule', ['mean', 'energy'])
def test_rules_that_box_all_of_the_foreground_have_no_valley(rule):
    pairs = [sample([(18, 20, 15), (58, 20, 14)])] * 3
    chosen = choose_box_step(pairs, Protocol(0.5, rule=rule))
    assert chosen['valley'] is None
