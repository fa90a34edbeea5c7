"""Every rule against an independent slow statement of it."""

import importlib.util
import sys
from pathlib import Path

import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from mmspg.evaluation.functional import (
    all_boxes_at_thresholds,
    best_iou_at_thresholds,
    box_iou,
    boxes,
    boxes_at_thresholds,
    component_tree,
    joining,
)
from mmspg.evaluation.wsol.grid import wsol_thresholds

THRESHOLDS = wsol_thresholds(0.05)
EIGHT = np.ones((3, 3))


# Few distinct values make plateaus, ties, holes and thin lines likely.
def score_maps(side=14):
    shapes = st.tuples(st.integers(1, side), st.integers(1, side))
    few = st.sampled_from([0, 0.2, 0.25, 0.5, 0.9, 1])
    return shapes.flatmap(
        lambda shape: arrays.arrays(
            np.float32,
            shape,
            elements=few | st.floats(0, 1, width=32),
            fill=few,
        )
    )


def random_maps(number, seed):
    """Noise, blocks, lines, rings and blurs of a few grey levels."""
    rng = np.random.default_rng(seed)
    for i in range(number):
        height, width = rng.integers(1, rng.choice([3, 8, 16, 32]), 2)
        grey = rng.integers(0, rng.choice([2, 3, 6, 256]), (height, width))
        if i % 4 == 1:
            grey = np.kron(grey, np.ones((2, 2)))[:height, :width]
        elif i % 4 == 2:
            grey = ndimage.uniform_filter(10.0 * grey, 3).astype(int) % 256
        elif i % 4 == 3:
            grey = np.where(rng.random(grey.shape) < 0.5, grey.max(), grey)
        yield (grey / max(grey.max(), 1)).astype(np.float32)


def hard_maps(height=45, width=38):
    """Maps whose components join late, often, all at once or through ties."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:height, :width]
    rings = np.maximum(abs(y - height // 2), abs(x - width // 2))
    upsampled = [
        cv2.resize(rng.random((side, side)), (width, height))
        for side in (4, 7, 14)
    ]
    grey = [
        y * width + x,
        height * width - y * width - x,
        rings,
        -rings,
        rings % 2 * 9 + rings % 5,
        (rings % 2) * (200 - (y + x)),  # rings one in another, each a slope
        (x % 2) * 50 + (y == 0) * 25,  # a comb, joined by its back
        (x % 2) * 50 + (y == height - 1) * 25 + y % 3,
        (y + x) % 2,
        (y % 2) * (x % 2) * 9 + rng.integers(0, 3, y.shape),
        rng.permutation(y.size).reshape(y.shape),
        np.hypot(y - 12, x - 15) // 3,
        -np.hypot(y - 12, x - 15),
        *upsampled,
        *(np.round(one * 8) for one in upsampled),
    ]
    for one in grey:
        yield ((one - one.min()) / np.ptp(one)).astype(np.float32)


def area_box(foreground):
    labels, count = ndimage.label(foreground, EIGHT)
    if not count:
        return [0, 0, 0, 0]
    # Labels are in raster order, and argmax takes the first.
    best = 1 + np.argmax(np.bincount(labels.ravel())[1:])
    return span(labels == best)


def span(mask):
    y, x = np.nonzero(mask)
    if not len(y):
        return [0, 0, 0, 0]
    return [x.min(), y.min(), x.max(), y.max()]


def contour_boxes(score_map, threshold, every):
    grey = (score_map.astype(np.float64) * 255).astype(np.uint8)
    mask = (grey > int(threshold * grey.max())).astype(np.uint8)
    found = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[-2]
    if not found:
        return [(0, 0, 0, 0)]
    if not every:
        found = [max(found, key=cv2.contourArea)]
    height, width = mask.shape
    rects = map(cv2.boundingRect, found)
    return [
        (x, y, min(x + w, width - 1), min(y + h, height - 1))
        for x, y, w, h in rects
    ]


def check_all_rules(score_map):
    maximum, mean = score_map.max(), score_map.mean(dtype=np.float64)
    wide = score_map.astype(np.float64)
    flat = score_map.min() == maximum
    area = boxes_at_thresholds(score_map, THRESHOLDS)
    cam = boxes_at_thresholds(score_map, THRESHOLDS, 'cam')
    tight = boxes_at_thresholds(score_map, THRESHOLDS * 3, 'mean')
    contour = boxes_at_thresholds(score_map, THRESHOLDS, 'largest_contour')
    every = all_boxes_at_thresholds(score_map, THRESHOLDS, 'all_contours')
    for i, t in enumerate(THRESHOLDS):
        assert area[i].tolist() == area_box(wide > t)
        assert cam[i].tolist() == area_box(wide > t * float(maximum))
        above = (wide > 3 * t * mean) & (not flat)
        assert tight[i].tolist() == span(above)
        [expected] = contour_boxes(score_map, t, every=False)
        assert tuple(contour[i]) == expected
        expected = contour_boxes(score_map, t, every=True)
        assert sorted(map(tuple, every[i])) == sorted(expected)


@given(score_maps())
@settings(max_examples=120, deadline=None)
def test_rules_on_drawn_maps(score_map):
    check_all_rules(score_map)


@pytest.mark.parametrize('seed', range(4))
def test_rules_on_random_maps(seed):
    for score_map in random_maps(150, seed):
        check_all_rules(score_map)


@pytest.mark.parametrize('shape', [(45, 38), (33, 64)])
def test_rules_on_hard_maps(shape):
    for score_map in hard_maps(*shape):
        for turned in (score_map, np.ascontiguousarray(score_map.T)):
            check_all_rules(turned)


def test_functions_of_the_tree_on_thousands_of_maps():
    """Every level of 1,500 maps a rule, at the module's own interface."""
    for score_map in random_maps(1500, 9):
        grey = (score_map * 255).astype(np.uint8)
        floors = np.unique(grey)[-8:]
        largest = component_tree.largest_contour(grey, floors)
        area = component_tree.largest_area(grey, floors)
        every, spans = component_tree.all_contours(grey, floors)
        for i, floor in enumerate(floors):
            mask = (grey >= floor).astype(np.uint8)
            found = cv2.findContours(
                mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE
            )[-2]
            rects = np.array([cv2.boundingRect(c) for c in found])
            rects[:, 2:] += rects[:, :2] - 1
            best = np.argmax([cv2.contourArea(c) for c in found])
            assert largest[i].tolist() == rects[best].tolist()
            ours = every[(spans[:, 0] <= i) & (i < spans[:, 1])].tolist()
            assert sorted(ours) == sorted(rects.tolist())
            assert area[i].tolist() == area_box(mask)


@given(score_maps(), st.floats(0.05, 1))
@settings(max_examples=120, deadline=None)
def test_energy_keeps_the_fewest_highest_pixels(score_map, share):
    box = boxes_at_thresholds(score_map, [share], 'energy')[0]
    wide = score_map.astype(np.float64)
    if score_map.min() == score_map.max():
        assert box.tolist() == [0, 0, 0, 0]
        return
    for value in sorted(set(wide.ravel()), reverse=True):
        kept = wide >= value
        if wide[kept].sum() >= share * wide.sum() * (1 - 1e-12):
            break
    assert box.tolist() == span(kept)


@given(
    score_maps(),
    st.sampled_from(list(boxes.RULES)),
    arrays.arrays(np.int64, (2, 2, 2), elements=st.integers(0, 13)),
)
@settings(max_examples=100, deadline=None)
def test_best_iou_is_the_maximum_over_all_pairs(score_map, rule, corners):
    gt_boxes = np.sort(corners, axis=1).reshape(2, 4)
    best = best_iou_at_thresholds(score_map, THRESHOLDS, gt_boxes, rule)
    if rule == 'all_contours':
        found = all_boxes_at_thresholds(score_map, THRESHOLDS, rule)
    else:
        found = boxes_at_thresholds(score_map, THRESHOLDS, rule)[:, None]
    expected = [box_iou(some, gt_boxes).max() for some in found]
    assert best.tolist() == expected


def test_without_true_boxes_the_best_iou_is_zero():
    for rule in boxes.RULES:
        none = best_iou_at_thresholds(np.eye(4), [0.1], np.empty((0, 4)), rule)
        assert none.tolist() == [0]


#  A ring with a hole that holds a block of its own.
RING = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 5, 5, 5, 5, 5, 5, 0],
        [0, 5, 0, 0, 0, 0, 5, 0],
        [0, 5, 0, 9, 9, 0, 5, 0],
        [0, 5, 0, 9, 9, 0, 5, 0],
        [0, 5, 0, 0, 0, 0, 5, 0],
        [0, 5, 5, 5, 5, 5, 5, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
)


@pytest.mark.quick
def test_ring_under_every_rule():
    score_map = RING / 9
    low, high = 0.3, 0.8
    take = boxes_at_thresholds(score_map, [low, high], 'largest_area')
    assert take.tolist() == [[1, 1, 6, 6], [3, 3, 4, 4]]
    take = boxes_at_thresholds(score_map, [low, high], 'largest_contour')
    assert take.tolist() == [[1, 1, 7, 7], [3, 3, 5, 5]]
    take = all_boxes_at_thresholds(score_map, [low])[0].tolist()
    # The hole's contour runs through the ring's own pixels.
    assert sorted(take) == [[1, 1, 7, 7], [1, 1, 7, 7], [3, 3, 5, 5]]
    assert boxes_at_thresholds(score_map, rule='cam').tolist() == [
        [1, 1, 6, 6]
    ]
    assert boxes_at_thresholds(score_map, rule='energy').tolist() == [
        [1, 1, 6, 6]
    ]
    assert boxes_at_thresholds(score_map, [3], 'mean').tolist() == [
        [3, 3, 4, 4]
    ]


def test_components_come_largest_first():
    score_map = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]])
    found = all_boxes_at_thresholds(score_map, [0.5], 'largest_area')[0]
    assert found.tolist() == [
        [2, 0, 3, 0],
        [0, 2, 1, 2],
        [0, 0, 0, 0],
        [3, 2, 3, 2],
    ]


def all_area_boxes(foreground):
    """All components, by scipy, whose labels are in raster order."""
    labels, _ = ndimage.label(foreground, EIGHT)
    sizes = np.bincount(labels.ravel())[1:]
    spans = ndimage.find_objects(labels)
    order = np.argsort(-sizes, kind='stable')
    return [
        [x.start, y.start, x.stop - 1, y.stop - 1]
        for y, x in (spans[i] for i in order)
    ] or [[0, 0, 0, 0]]


def test_all_components_of_random_maps_are_those_of_scipy():
    noise = np.random.default_rng(3).random((96, 160), np.float32)
    for score_map in (*random_maps(200, 11), noise):
        found = all_boxes_at_thresholds(score_map, THRESHOLDS, 'largest_area')
        largest = boxes_at_thresholds(score_map, THRESHOLDS)
        for i, threshold in enumerate(THRESHOLDS):
            expected = all_area_boxes(score_map.astype(np.float64) > threshold)
            assert found[i].tolist() == expected
            assert largest[i].tolist() == expected[0]


@pytest.mark.parametrize('rule', list(boxes.RULES))
@pytest.mark.parametrize('value', [0.0, 0.4, 1.0])
def test_one_pixel_and_constant_maps_give_a_box(rule, value):
    for shape in ((1, 1), (3, 5)):
        constant = np.full(shape, value, np.float32)
        found = all_boxes_at_thresholds(constant, [0.95], rule)[0]
        empty = value == 0 or rule in ('mean', 'energy')
        empty = empty or (rule == 'largest_area' and value < 0.95)
        whole = [0, 0, shape[1] - 1, shape[0] - 1]
        assert found.tolist() == [[0, 0, 0, 0] if empty else whole]


def test_more_thresholds_than_a_byte_counts():
    rng = np.random.default_rng(0)
    score_map = rng.random((20, 30))
    thresholds = rng.permutation(np.linspace(0, 1.2, 700))
    found = boxes_at_thresholds(score_map, thresholds)
    assert found.tolist() == [area_box(score_map > t) for t in thresholds]


@pytest.mark.parametrize('dtype', ['float16', '>f4', 'u1', 'bool'])
@pytest.mark.parametrize('rule', list(boxes.RULES))
def test_other_number_types_give_the_same_boxes(rule, dtype):
    few = np.float64([[0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    if np.dtype(dtype).kind == 'f':
        few /= 2
    expected = all_boxes_at_thresholds(few, [0.3, 0.9], rule)
    found = all_boxes_at_thresholds(few.astype(dtype), [0.3, 0.9], rule)
    assert [b.tolist() for b in found] == [b.tolist() for b in expected]


def test_arguments_are_not_written_to():
    score_map = np.linspace(0, 1, 20, dtype=np.float32).reshape(4, 5)
    score_map.flags.writeable = False
    for rule in boxes.RULES:
        all_boxes_at_thresholds(score_map, [0.5, 0.1], rule)
        turned = np.asfortranarray(score_map)
        best_iou_at_thresholds(turned.T, [0.5], [[0, 0, 1, 1]], rule)


def test_unknown_rule_lists_the_valid_ones():
    with pytest.raises(ValueError, match='largest_area, largest_contour, all'):
        boxes_at_thresholds(np.eye(3), [0.5], 'biggest')


def test_a_rule_of_many_boxes_has_no_single_one():
    with pytest.raises(ValueError, match='all_boxes_at_thresholds'):
        boxes_at_thresholds(np.eye(3), [0.5], 'all_contours')


def test_a_rule_without_a_threshold_asks_for_one():
    with pytest.raises(ValueError, match='no threshold of its own'):
        boxes_at_thresholds(np.eye(3))


@pytest.mark.parametrize(
    'score_map, message',
    [
        (np.eye(3) * 2, r'in \[0, 1\], got \[0.0, 2.0\]'),
        (np.eye(3) - 0.5, r'in \[0, 1\]'),
        (np.full((2, 2), np.nan), 'NaN'),
        (np.zeros((2, 2, 2)), r'must be \(H, W\)'),
        (np.zeros((0, 4)), r'must be \(H, W\)'),
    ],
)
def test_maps_out_of_range_are_refused(score_map, message):
    with pytest.raises(ValueError, match=message):
        boxes_at_thresholds(score_map, [0.5])


def test_where_nothing_can_be_cached(tmp_path, monkeypatch):
    """No folder for the cache: compile anew instead of stopping."""
    copy = tmp_path / 'copy.py'
    copy.write_text(Path(joining.__file__).read_text())
    (tmp_path / '__pycache__').write_text('a file, so no folder')
    for name in ('HOME', 'XDG_CACHE_HOME', 'LOCALAPPDATA'):
        monkeypatch.setenv(name, str(tmp_path / '__pycache__'))
    monkeypatch.setattr(numba.config, 'CACHE_DIR', '')
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)
    spec = importlib.util.spec_from_file_location('copy_of_joining', copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    filled = module.fill_holes(RING.astype(np.uint8))
    assert [filled[0, 0], filled[2, 2], filled[3, 3]] == [0, 5, 9]
