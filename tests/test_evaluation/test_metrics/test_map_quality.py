"""Pointing game, energy, IoU and CorLoc, on maps drawn by hand."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from samples import block, evaluate, sample

from mmspg.evaluation import MapQuality, PxAP
from mmspg.evaluation.functional.map_quality import (
    energy_inside,
    mask_ious,
    points_inside,
    region_of,
)
from mmspg.evaluation.metrics import record_metric

BOX = (2, 2, 5, 5)


def test_region_of_inclusive_boxes():
    region = region_of([(1, 0, 2, 1), (4, 3, 9, 9)], (6, 5))
    expected = np.zeros((5, 6), bool)
    expected[0:2, 1:3] = True
    expected[3:, 4:] = True
    np.testing.assert_array_equal(region, expected)
    # The boxes of the field may leave their image by a pixel.
    assert region_of([(-1, -1, 6, 5)], (6, 5)).all()


def test_pointing_and_energy():
    region = region_of([BOX], (10, 8))
    score_map = np.full((8, 10), 0.5)
    assert not points_inside(score_map, region | True)  # it points nowhere
    assert energy_inside(score_map, region) == pytest.approx(16 / 80)
    score_map[3, 3] = 1
    assert points_inside(score_map, region)
    score_map[7, 7] = 2
    assert not points_inside(score_map, region)
    assert energy_inside(np.zeros((8, 10)), region) == 0


@given(st.integers(0, 10**6))
def test_mask_iou_is_that_of_the_sets(seed):
    rng = np.random.default_rng(seed)
    score_map = rng.integers(0, 5, (6, 7)) / 4
    mask, ignored = rng.random((2, 6, 7)) < 0.3
    thresholds = rng.permutation([0.0, 0.25, 0.4, 1, 0.8])
    found = mask_ious(score_map, mask, thresholds, ignored)
    for iou, t in zip(found, thresholds, strict=True):
        above = (score_map > t) & ~ignored
        true = mask & ~ignored
        union = (above | true).sum()
        assert iou == pytest.approx((above & true).sum() / max(union, 1))


def test_mask_iou_of_a_single_pixel():
    pixel = np.zeros((3, 4), bool)
    pixel[1, 2] = True
    assert mask_ious(pixel, pixel, [0.5], pixel & False) == [1]
    assert mask_ious(pixel, pixel, [0.5], pixel) == [0]  # both are empty


def test_figures_of_boxes():
    """Two images of class 1 and one of class 2."""
    right, low = block(BOX), block(BOX, value=0.4) + 0
    low[0, 0] = 1  # its box is right below .4 only
    wrong = block((7, 6, 9, 7))
    images = [
        sample(0, [BOX], {1: right}, 1, [1]),
        sample(1, [BOX], {1: wrong}, 1, [1]),
        sample(2, [BOX], {2: low}, 2, [2]),
    ]
    figures = evaluate(MapQuality(thresholds=[0.2, 0.6]), images)
    assert figures['threshold'] == 0.2
    assert figures['pointing_game'] == pytest.approx(100 / 3)
    energies = [1, 0, 6.4 / 7.4]
    assert figures['energy_inside'] == pytest.approx(100 * np.mean(energies))
    assert figures['iou'] == pytest.approx(200 / 3, abs=0.05)
    assert figures['best_iou'] == pytest.approx(200 / 3, abs=0.05)
    assert figures['corloc'] == pytest.approx(75)  # (1/2 + 1) / 2
    fixed = evaluate(MapQuality(threshold=0.6), images)
    assert fixed['threshold'] == 0.6
    assert fixed['corloc'] == pytest.approx(25)


def test_figures_of_masks(tmp_path):
    mask = np.zeros((224, 224), np.uint8)
    mask[:112] = 255
    path = str(tmp_path / 'mask.png')
    cv2.imwrite(path, mask)
    one = sample(0, [], {1: block((0, 0, 9, 3))}, 1, [1])
    del one['ori_gt_bboxes']
    one.update(
        gt_mask_paths=[path],
        homography=torch.eye(3).numpy(),
    )
    figures = evaluate(MapQuality(), [one])
    assert figures['pointing_game'] == 100
    assert figures['iou'] > 98
    assert 'corloc' not in figures


@pytest.mark.parametrize('metric', [MapQuality, PxAP])
def test_empty_masks_are_counted(tmp_path, monkeypatch, metric):
    said = []
    monkeypatch.setattr(record_metric, 'warn', said.append)
    samples = []
    for i, level in enumerate([0, 255, 0]):
        path = str(tmp_path / f'{i}.png')
        cv2.imwrite(path, np.full((30, 30), level, np.uint8))
        one = sample(i, [], {1: block((0, 0, 9, 3))}, 1, [1])
        del one['ori_gt_bboxes']
        samples.append(one)
        one.update(gt_mask_paths=[path], homography=torch.eye(3).numpy())
    evaluate(metric(), samples[1:2])
    assert not said
    evaluate(metric(), samples)
    (text,) = said
    assert 'masks of 2 of 3 images have no true pixel' in text
