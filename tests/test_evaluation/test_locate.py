"""One class in one image, found as the metric finds it."""

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmspg.evaluation.functional import box_iou, to_inclusive
from mmspg.evaluation.locate import locate
from mmspg.evaluation.metrics import LocalizationMetric

# A map as large as its image, 6 wide and 4 high, needs no resizing.
LEFT = [
    [0, 0, 0, 0, 0, 0],
    [0, 5, 9, 0, 0, 0],
    [0, 5, 5, 0, 0, 3],
    [0, 0, 0, 0, 0, 0],
]
RIGHT = [
    [0, 0, 0, 0, 8, 8],
    [0, 0, 0, 0, 8, 8],
    [0, 0, 0, 0, 8, 8],
    [0, 0, 0, 0, 0, 0],
]


@pytest.fixture
def sample():
    sample = DataSample(metainfo={'ori_shape': (4, 6), 'img_shape': (4, 6)})
    sample.score_map = torch.tensor([LEFT, RIGHT], dtype=torch.float32)
    sample.score_map_labels = torch.tensor([7, 2])
    return sample.set_pred_label(7)


@pytest.mark.parametrize(
    'threshold, box', [(0.2, [1, 1, 2, 2]), (0.8, [2, 1, 2, 1])]
)
def test_predicted_class(sample, threshold, box):
    found = locate(sample, threshold)
    assert found.label == 7
    assert found.box.tolist() == box
    assert np.allclose(found.score_map, np.array(LEFT) / 9)


def test_class_of_ones_own(sample):
    assert locate(sample, 0.5, label=2).box.tolist() == [4, 0, 5, 2]


def test_rule_with_its_own_threshold(sample):
    assert locate(sample, rule='cam').box.tolist() == [1, 1, 2, 2]
    with pytest.raises(ValueError, match='no threshold of its own'):
        locate(sample)


def test_flip_is_undone(sample):
    flip = np.array([[-1.0, 0, 6], [0, 1, 0], [0, 0, 1]])
    sample.set_metainfo({'homography': flip})
    assert locate(sample, 0.2).box.tolist() == [3, 1, 4, 2]


def test_dictionary_as_the_evaluator_gives_it(sample):
    found = locate(sample.to_dict(), 0.2)
    assert found.box.tolist() == [1, 1, 2, 2]


def test_class_without_a_map(sample):
    with pytest.raises(ValueError, match=r'no score map of class 5.*\[7, 2\]'):
        locate(sample, 0.2, label=5)


def test_agrees_with_the_metric():
    """GT-known over random maps, crops and thresholds."""
    rng = np.random.default_rng(0)
    metric = LocalizationMetric(thresholds=[0.3], threshold=0.3)
    hits = []
    for i in range(60):
        scale, (x, y) = rng.uniform(0.5, 2), rng.uniform(-9, 30, 2)
        homography = [[scale, 0, -x], [0, scale, -y], [0, 0, 1]]
        sample = DataSample(
            metainfo={
                'ori_shape': (60, 80),
                'img_shape': (48, 48),
                'homography': np.array(homography),
                'sample_idx': i,
            }
        )
        sample.set_gt_label(1).set_pred_label(0)
        sample.set_pred_score(torch.tensor([0.6, 0.4]))
        sample.score_map = torch.from_numpy(rng.normal(size=(2, 6, 6)))
        sample.score_map_labels = torch.tensor([0, 1])
        found = locate(sample, 0.3, label=1)
        x0, y0, x1, y1 = found.box + rng.integers(-9, 10, 4)
        sample.ori_gt_bboxes = torch.tensor(
            [[x0, y0, max(x1, x0) + 1, max(y1, y0) + 1]]
        )
        truth = to_inclusive(sample.ori_gt_bboxes)
        hits.append(box_iou(found.box[None], truth)[0, 0] >= 0.5)
        metric.process({}, [sample.to_dict()])
    assert 0 < np.mean(hits) < 1
    figures = metric.evaluate(60)
    assert figures['loc/gt_known_acc'] == pytest.approx(100 * np.mean(hits))
