import numpy as np
import pytest

from mmspg.evaluation.functional import box_iou, to_inclusive


def pixels(box, side=12):
    """The set of pixels that an inclusive box covers."""
    mask = np.zeros((side, side), bool)
    x0, y0, x1, y1 = box
    mask[y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


@pytest.mark.quick
def test_iou_is_that_of_the_covered_pixels():
    rng = np.random.default_rng(0)
    boxes = np.sort(rng.integers(0, 12, (40, 2, 2)), axis=1).reshape(-1, 4)
    masks = [pixels(box) for box in boxes]
    expected = [[(a & b).sum() / (a | b).sum() for b in masks] for a in masks]
    assert np.array_equal(box_iou(boxes, boxes), expected)


def test_iou_of_neighbours_that_only_touch_is_zero():
    assert box_iou([[0, 0, 4, 4]], [[5, 0, 9, 4]]) == 0


def test_no_boxes_give_an_empty_table():
    assert box_iou(np.empty((0, 4)), [[0, 0, 1, 1]]).shape == (0, 1)
    assert box_iou([[0, 0, 1, 1]], []).shape == (1, 0)


def test_one_bare_box_is_refused():
    with pytest.raises(ValueError, match=r'Write one box as \[\['):
        box_iou([0, 0, 1, 1], [[0, 0, 1, 1]])


def test_to_inclusive_takes_one_off_the_far_corner():
    boxes = np.array([[2, 3, 5, 4]], np.float32)
    assert to_inclusive(boxes).tolist() == [[2, 3, 4, 3]]
    assert boxes.tolist() == [[2, 3, 5, 4]]
