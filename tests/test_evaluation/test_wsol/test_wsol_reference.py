"""The benchmark's own figures, every one of them exactly."""

import numpy as np
import pytest

from mmspg.evaluation.functional import (
    best_iou_at_thresholds,
    boxes_at_thresholds,
    hits_at_thresholds,
    pxap,
    pxap_histograms,
)
from mmspg.evaluation.wsol.grid import wsol_boxes, wsol_thresholds
from mmspg.evaluation.wsol.max_box_acc import BoxAccuracy


@pytest.fixture(scope='module')
def reference(shared):
    with np.load(shared / 'reference' / 'evaluation_public.npz') as file:
        return dict(file)


@pytest.fixture(scope='module')
def true_boxes(reference):
    return np.split(reference['gt_boxes'], reference['gt_offsets'][1:-1])


def test_thresholds(reference):
    assert np.array_equal(wsol_thresholds(), reference['thresholds'])


def test_boxes(reference):
    for score_map, expected in zip(
        reference['score_maps'], reference['largest_box'], strict=True
    ):
        found = boxes_at_thresholds(
            score_map, reference['thresholds'], 'largest_contour'
        )
        assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    'rule, iou_key, acc_key',
    [
        ('largest_contour', 'largest_iou', 'max_box_acc'),
        ('all_contours', 'all_contours_iou', 'all_contours_acc'),
    ],
)
def test_ious_and_accuracies(reference, true_boxes, rule, iou_key, acc_key):
    hits = []
    for score_map, gt_boxes, expected in zip(
        reference['score_maps'], true_boxes, reference[iou_key], strict=True
    ):
        best = best_iou_at_thresholds(
            score_map, reference['thresholds'], gt_boxes, rule
        )
        assert np.array_equal(best.astype(np.float32), expected)
        hits.append(hits_at_thresholds(best, (0.3, 0.5, 0.7)))
    accuracy = 100 * np.mean(hits, axis=0).max(axis=1)
    assert accuracy == pytest.approx(reference[acc_key], rel=1e-12)
    if rule == 'all_contours':
        v2 = float(reference['max_box_acc_v2'])
        assert accuracy.mean() == pytest.approx(v2, rel=1e-12)


def test_pxap(reference):
    pooled = sum(
        pxap_histograms(score_map, mask, reference['thresholds'])
        for score_map, mask in zip(
            reference['score_maps'], reference['masks'], strict=True
        )
    )
    assert pxap(pooled) == float(reference['pxap'])


def test_resized_boxes(reference):
    for size, box, expected in zip(
        reference['resize_sizes'],
        reference['resize_original'],
        reference['resize_224'],
        strict=True,
    ):
        assert wsol_boxes([box], size).tolist() == [expected.tolist()]


def test_percents_to_the_last_digit():
    """The benchmark multiplies by 100, then divides by the images."""
    accuracy = BoxAccuracy(np.array([0.0, 0.5]), (0.5,))
    differ = 0
    for number in range(1, 60):
        for right in range(number + 1):
            (found,), _ = accuracy.best(np.array([[right, 0]]), number)
            assert found == right * 100 / number
            differ += found != right / number * 100
    assert differ
