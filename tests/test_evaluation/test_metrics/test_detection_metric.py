"""AP50 and CorLoc by class, against figures worked out by hand."""

import numpy as np
import pytest
import torch
from samples import block, evaluate

pytest.importorskip('pycocotools')

from mmspg.evaluation import DetectionMetric  # noqa: E402

LEFT, RIGHT, WRONG = [0, 0, 3, 7], [6, 0, 9, 7], [4, 0, 5, 7]


def image(index, scores, maps, truth):
    """An image 10 wide and 8 high; ``truth`` are pairs of class and box."""
    labels = [label for label, _ in truth]
    boxes = torch.tensor([box for _, box in truth]).reshape(-1, 4)
    return dict(
        sample_idx=index,
        img_id=f'{index}.jpg',
        gt_label=torch.tensor(sorted(set(labels))),
        ori_gt_bboxes=boxes + torch.tensor([0, 0, 1, 1]),
        gt_bbox_labels=torch.tensor(labels),
        ori_shape=(8, 10),
        img_shape=(8, 10),
        pred_score=torch.tensor(scores),
        score_map=torch.from_numpy(np.stack([block(box) for box in maps])),
        score_map_labels=torch.arange(len(maps)),
    )


def test_figures_by_class():
    """Class 0: a wrong box is surer than the right one. Class 1: all right."""
    images = [
        image(0, [0.9, 0.8], [WRONG, RIGHT], [(0, LEFT), (1, RIGHT)]),
        image(1, [0.7, 0.01], [LEFT, LEFT], [(0, LEFT)]),
    ]
    metric = DetectionMetric(threshold=0.5)
    metric.dataset_meta = dict(classes=('ant', 'bee'))
    figures = evaluate(metric, images)
    # The second of two boxes of class 0 is right: a precision of 1/2 at
    # recalls 0 to .5, which are 51 of the 101.
    assert figures['ap50_classes'] == pytest.approx(
        dict(ant=100 * 51 / 101 / 2, bee=100)
    )
    assert figures['corloc_classes'] == dict(ant=50, bee=100)
    assert figures['corloc'] == 75
    assert figures['gt_known_acc'] == pytest.approx(200 / 3)
    assert figures['boxes'] == 1.5  # a score of .01 gives no box


def test_the_oracle_takes_the_threshold_that_finds_most():
    maps = np.maximum(block([0, 0, 9, 7], value=0.3), block(LEFT))
    images = [image(0, [0.9], [LEFT], [(0, LEFT)])]
    images[0]['score_map'] = torch.from_numpy(maps)[None]
    images[0]['score_map'][0, 0, 9] = 0
    figures = evaluate(DetectionMetric(thresholds=[0.1, 0.4]), images)
    assert figures['threshold'] == 0.4
    assert figures['ap50'] == pytest.approx(100)
    tight = evaluate(DetectionMetric(threshold=0.1), images)
    assert (tight['threshold'], tight['ap50']) == (0.1, 0)


def test_objects_of_a_class_count_one_by_one():
    both = np.maximum(block(LEFT), block(RIGHT))
    one = image(0, [0.9], [LEFT], [(0, LEFT), (0, RIGHT)])
    one['score_map'] = torch.from_numpy(both)[None]
    several = evaluate(DetectionMetric(threshold=0.2, valley=0.3), [one])
    assert several['ap50'] == pytest.approx(100)
    assert several['boxes'] == 2
    single = evaluate(DetectionMetric(threshold=0.2), [one])
    assert single['ap50'] == pytest.approx(100 * 51 / 101)


def test_no_box_at_all_is_no_error():
    figures = evaluate(
        DetectionMetric(threshold=0.2), [image(0, [0.0], [LEFT], [(0, LEFT)])]
    )
    assert (figures['ap50'], figures['corloc']) == (0, 100)


def test_half_of_the_object_and_the_least_score_are_enough():
    half = [image(0, [0.25], [[0, 0, 3, 3]], [(0, LEFT)])]
    found = evaluate(DetectionMetric(threshold=0.2, min_score=0.25), half)
    assert (found['corloc'], found['boxes']) == (100, 1)
    assert found['ap50'] == pytest.approx(100)


@pytest.mark.parametrize('scores', [[0.9, 0.01, 0.06], [0.9, 0.01, 0.01]])
def test_a_class_without_a_map_is_named(scores):
    """Class 2 is above min_score, or it is true."""
    truth = [(0, LEFT)] if scores[2] > 0.05 else [(2, LEFT)]
    with pytest.raises(ValueError, match=r'0\.jpg: .*\[2\].*score_map_topk'):
        evaluate(
            DetectionMetric(threshold=0.2),
            [image(0, scores, [LEFT, LEFT], truth)],
        )


@pytest.mark.parametrize('min_score', [50, -0.1, float('nan')])
def test_a_least_score_in_percent_is_refused(min_score):
    with pytest.raises(ValueError, match='min_score'):
        DetectionMetric(min_score=min_score)


def test_a_valley_needs_a_threshold():
    with pytest.raises(ValueError, match='needs a fixed threshold'):
        DetectionMetric(valley=0.3)
