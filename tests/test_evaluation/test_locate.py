"""One class in one image, found as the metric finds it."""

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmspg.evaluation.functional import box_iou, to_inclusive
from mmspg.evaluation.locate import locate, locate_objects, true_objects
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.evaluation.protocol import Protocol

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


def test_the_surest_class_where_none_is_sure_enough(sample):
    sample.score_map_labels = torch.tensor([1, 0])
    sample.set_pred_score(torch.tensor([0.3, 0.1]))
    sample.set_pred_label(torch.empty(0, dtype=torch.int64))
    found = locate(sample, 0.5)
    assert (found.label, found.box.tolist()) == (0, [4, 0, 5, 2])


def test_true_boxes_are_of_the_class_of_the_image():
    truth = dict(ori_gt_bboxes=[[0, 0, 3, 4], [1, 1, 2, 2]], gt_label=[7])
    boxes, labels = true_objects(truth)
    assert boxes.tolist() == [[0, 0, 2, 3], [1, 1, 1, 1]]
    assert labels.tolist() == [7, 7]


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


def two_hills(gap):
    """A class with two peaks, ``gap`` cells apart; another under the first."""
    x = np.arange(24)
    rise = np.maximum(0, 3 - np.abs(x - 5)) + np.maximum(
        0, 2.5 - np.abs(x - 5 - gap)
    )
    both = np.outer(np.maximum(0, 3 - np.abs(np.arange(12) - 5)), rise)
    first = np.where(x < 9, both, 0)
    sample = DataSample(
        metainfo={'ori_shape': (12, 24), 'img_shape': (12, 24)}
    )
    sample.score_map = torch.tensor(np.stack([both, first]))
    sample.score_map_labels = torch.tensor([0, 1])
    return sample.set_pred_score(torch.tensor([0.5, 0.3])).set_pred_label(0)


def test_objects_apart_have_a_box_each_and_classes_do_not_repeat_them():
    sample = two_hills(11)
    one = locate_objects(sample, [0, 1], Protocol(0.2))
    assert [o.label for o in one] == [0, 1]
    assert one[0].box.tolist() == locate(sample, 0.2, label=0).box.tolist()
    assert [o.score for o in one] == pytest.approx([0.5, 0.3])
    several = locate_objects(sample, [0, 1], Protocol(0.2, valley=0.3))
    # The other class's box is on the first object, and has a lower score.
    assert [o.label for o in several] == [0, 0]
    left, right = (o.box.tolist() for o in several)
    assert left[2] < right[0]
    assert several[0].score == pytest.approx(0.5)
    assert several[1].score == pytest.approx(0.5 * 2.5 / 3)


def test_touching_objects_stay_one():
    (whole,) = locate_objects(two_hills(3), [0], Protocol(0.2, valley=0.3))
    assert whole.box.tolist() == locate(two_hills(3), 0.2).box.tolist()
