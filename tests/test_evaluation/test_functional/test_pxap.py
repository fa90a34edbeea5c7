import numpy as np
import pytest

from mmspg.evaluation.functional import (
    pxap,
    pxap_edges,
    pxap_histograms,
)
from mmspg.evaluation.wsol.grid import wsol_thresholds

THRESHOLDS = wsol_thresholds(0.1)


def slow_pxap(score_maps, masks):
    """Precision and recall counted anew at every threshold."""
    scores, truth = np.concatenate(score_maps), np.concatenate(masks)
    counted = truth != 255
    scores, truth = scores[counted].astype(float), truth[counted] == 1
    area, last = 0, None
    for edge in pxap_edges(THRESHOLDS)[-2::-1]:
        above = scores >= edge
        recall = (above & truth).sum() / truth.sum()
        if last is not None and above.any():
            area += (above & truth).sum() / above.sum() * (recall - last)
        last = recall
    return 100 * area


@pytest.mark.parametrize('seed', range(5))
def test_pooled_histograms_give_the_area_over_all_pixels(seed):
    rng = np.random.default_rng(seed)
    score_maps = rng.integers(0, 21, (4, 9, 7)).astype(np.float32) / 20
    masks = rng.choice([0, 1, 255], (4, 9, 7))
    pooled = sum(
        pxap_histograms(score_map, mask, THRESHOLDS)
        for score_map, mask in zip(score_maps, masks, strict=True)
    )
    assert pxap(pooled) == pytest.approx(slow_pxap(score_maps, masks))


def test_bins_are_those_of_numpy():
    rng = np.random.default_rng(0)
    score_map = rng.random((20, 20)).astype(np.float32)
    score_map[0] = np.linspace(0, 1, 20)
    mask = rng.choice([0, 1, 255], (20, 20))
    found = pxap_histograms(score_map, mask, THRESHOLDS)
    for row, value in zip(found, (1, 0), strict=True):
        expected, _ = np.histogram(
            score_map[mask == value], pxap_edges(THRESHOLDS)
        )
        assert row.tolist() == expected.tolist()


@pytest.mark.parametrize('number', [1, 4])
def test_a_perfect_map_scores_100(number):
    mask = np.eye(4)
    mask[number:] = 0
    assert pxap(pxap_histograms(mask, mask, THRESHOLDS)) == 100


def test_without_true_pixels_there_is_no_area():
    none = pxap_histograms(np.eye(4), np.zeros((4, 4)), THRESHOLDS)
    assert np.isnan(pxap(none))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match='Resize the mask'):
        pxap_histograms(np.eye(4), np.eye(5), THRESHOLDS)
    for bad in (np.eye(4) * 2, np.eye(4) - 0.1, np.full((4, 4), np.nan)):
        with pytest.raises(ValueError, match=r'in \[0, 1\]'):
            pxap_histograms(bad, np.eye(4), THRESHOLDS)
