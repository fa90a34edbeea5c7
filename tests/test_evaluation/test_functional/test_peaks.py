"""Two objects apart are two boxes, and a shallow valley divides nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmspg.evaluation.functional import (
    box_iou,
    boxes_at_thresholds,
    is_flat,
    min_max,
)
from mmspg.evaluation.functional.peaks import objects_of, suppress


def hills(*hills, size=(120, 80)):
    """A map of the highest of some hills: (x, y, radius, height)."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    cones = [
        h * np.clip(1 - np.hypot(x - cx, y - cy) / r, 0, 1)
        for cx, cy, r, h in hills
    ]
    return np.max(cones, axis=0).astype(np.float32)


def test_two_objects_apart_are_two_boxes_the_larger_first():
    score_map = hills((30, 40, 20, 0.8), (85, 40, 30, 1))
    boxes, heights = objects_of(score_map, 0.2, valley=0.3)
    alone = [
        boxes_at_thresholds(hills(hill), [0.2])[0]
        for hill in ((85, 40, 30, 1), (30, 40, 20, 0.8))
    ]
    assert boxes.tolist() == np.array(alone).tolist()
    assert heights == pytest.approx([1, 0.8], abs=0.05)


def test_touching_objects_divide_at_a_valley_that_is_deep_enough():
    """Cones of radius 30 whose tops are 36 apart meet at a height of .4."""
    score_map = min_max(hills((42, 40, 30, 1), (78, 40, 30, 1)))
    assert len(objects_of(score_map, 0.2, valley=0.5).boxes) == 2
    whole = objects_of(score_map, 0.2, valley=0.7).boxes
    assert whole.tolist() == boxes_at_thresholds(score_map, [0.2]).tolist()
    left, right = sorted(objects_of(score_map, 0.2, valley=0.5).boxes.tolist())
    assert left[2] < right[0] <= 61  # they share no pixel
    assert (left[0], right[2]) == (whole[0][0], whole[0][2])


def test_three_in_a_row_and_a_speck():
    score_map = hills(
        *((20, 40, 20, 1), (52, 40, 20, 1), (84, 40, 20, 0.9)),
        (110, 10, 6, 0.35),
    )
    boxes, _ = objects_of(score_map, 0.1, valley=0.4)
    assert len(boxes) == 3
    assert len(objects_of(score_map, 0.1, valley=0.2).boxes) == 4
    most = objects_of(score_map, 0.1, valley=0.2, most=2)
    assert most.boxes.tolist() == boxes[:2].tolist()


def test_exclusive_ends_are_those_of_the_rule():
    score_map = hills((30, 40, 20, 1), (85, 40, 31, 1))
    boxes, _ = objects_of(score_map, 0.2, 'largest_contour', valley=0.3)
    single = boxes_at_thresholds(score_map, [0.2], 'largest_contour')
    assert boxes[0].tolist() == single[0].tolist()


@given(
    st.integers(0, 10**6),
    st.floats(0.05, 0.9),
    st.floats(0.05, 1),
)
def test_the_parts_of_any_map(seed, threshold, valley):
    rng = np.random.default_rng(seed)
    coarse = rng.random((4, 5)).astype(np.float32)
    score_map = min_max(np.kron(coarse, np.ones((3, 3), np.float32)))
    boxes, heights = objects_of(score_map, threshold, valley=valley)
    assert 1 <= len(boxes) == len(heights)
    one = objects_of(score_map, threshold).boxes
    assert one.tolist() == boxes_at_thresholds(score_map, [threshold]).tolist()
    for (x0, y0, x1, y1), height in zip(boxes, heights, strict=True):
        part = score_map[y0 : y1 + 1, x0 : x1 + 1]
        assert part.max() >= height
        if len(boxes) > 1:
            below = score_map[score_map <= threshold].max(initial=0)
            assert height >= np.float32(below + valley) - 1e-6
    # A deeper valley never divides more.
    deeper = objects_of(score_map, threshold, valley=min(1, valley + 0.2))
    assert len(deeper.boxes) <= len(boxes)


def test_nothing_above_the_threshold_is_the_rule_s_empty_box():
    flat = np.zeros((4, 5), np.float32)
    assert is_flat(flat)
    assert objects_of(flat, 0.2, valley=0.3).boxes.tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(valley=0), r'valley=0: expected a number in \(0, 1\]'),
        (dict(valley=0.3, rule='mean'), "Use rule='largest_area'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        objects_of(hills((30, 40, 20, 1)), 0.2, **options)


@given(st.integers(0, 10**6), st.integers(0, 12))
def test_suppression_keeps_the_better_of_what_overlaps(seed, number):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 12, (number, 2))
    boxes = np.hstack([corners, corners + rng.integers(0, 12, (number, 2))])
    scores = rng.integers(0, 4, number) / 4
    # Greedily, in plain words.
    stay = []
    for i in sorted(range(number), key=lambda i: (-scores[i], i)):
        if all(box_iou(boxes[[i]], boxes[[j]])[0, 0] <= 0.5 for j in stay):
            stay.append(i)
    assert suppress(boxes, scores).tolist() == sorted(stay)
