import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmspg.datasets.annotations import faults as f
from mmspg.datasets.annotations.boxes import (
    check_lost,
    check_shares,
    fit_boxes,
    from_inclusive,
)
from mmspg.datasets.annotations.fitting import fit_samples
from mmspg.datasets.images.headers import Header

pytestmark = pytest.mark.quick  # on both stacks

SIZE = (60, 40)


def fit(*boxes, **kwargs):
    """Fit boxes to a 60 x 40 image; gives them and the faults."""
    found = f.Faults()
    places = [f'boxes.txt:{i}' for i in range(7, 7 + len(boxes))]
    fitted = fit_boxes(
        np.float32(boxes), SIZE, places, 'a/b.jpg', found, **kwargs
    )
    return fitted.tolist(), found


def test_inclusive_pixels_cover_one_more():
    boxes = from_inclusive([[0, 0, 59, 39], [5, 6, 5, 6]])
    assert boxes.tolist() == [[0, 0, 60, 40], [5, 6, 6, 7]]
    assert boxes.dtype == np.float32


@pytest.mark.parametrize(
    'box', [(0, 0, 60, 40), (-1, -1, 61, 41), (-0.25, 3, 10, 40.5)]
)
def test_within_a_pixel_is_as_annotated_and_no_fault(box):
    assert fit(box) == ([list(box)], {})


@pytest.mark.parametrize(
    'box, clipped, by',
    [
        ((0, 0, 61.5, 40), (0, 0, 60, 40), '1.5'),
        ((7, 6, 92, 41), (7, 6, 60, 40), '32'),
        ((-20, -2, 60, 50), (0, 0, 60, 40), '20'),
    ],
)
def test_outside_is_clipped_and_counted(box, clipped, by):
    boxes, found = fit((1, 1, 2, 2), box)
    assert boxes == [[1, 1, 2, 2], list(clipped)]
    ((kind, (place,)),) = found.items()
    assert kind is f.OUTSIDE
    assert place.startswith('boxes.txt:8: ')
    assert f'a/b.jpg, which is 60 x 40, leaves it by {by} pixels' in place


@pytest.mark.parametrize(
    'box, fault',
    [
        ((60, 0, 61, 40), 'wholly outside'),
        ((70, 0, 90, 40), 'wholly outside'),
        ((5, 5, 5, 9), 'empty'),
        ((9, 5, 5, 9), 'empty'),
        ((np.nan, 0, 5, 5), 'empty'),
        ((0, 0, np.inf, 5), 'wholly outside'),
    ],
)
def test_nothing_left_is_dropped_and_named(box, fault):
    boxes, found = fit(box, (1, 1, 2, 2))
    assert boxes == [[1, 1, 2, 2]]
    ((kind, (place,)),) = found.items()
    assert kind is f.NOTHING_LEFT
    assert place.startswith('boxes.txt:7: ')
    assert fault in place


def test_no_boxes():
    found = f.Faults()
    assert fit_boxes(np.zeros((0, 4)), SIZE, [], 'i', found).shape == (0, 4)
    assert not found


@given(st.lists(st.floats(-90, 150, width=32), min_size=4, max_size=4))
def test_what_is_left_is_the_part_inside(box):
    boxes, found = fit(box)
    x0, y0, x1, y1 = box
    part = max(x0, 0), max(y0, 0), min(x1, 60), min(y1, 40)
    if part[0] >= part[2] or part[1] >= part[3]:
        assert boxes == []
        assert list(found) == [f.NOTHING_LEFT]
        return
    far = max(abs(a - b) for a, b in zip(part, box, strict=True)) > 1
    assert boxes == [list(part if far else box)]
    area = (part[2] - part[0]) * (part[3] - part[1])
    lost = 2 * area < np.prod(np.float64(box[2:]) - box[:2])
    assert list(found) == [f.LOST if lost else f.OUTSIDE] * far


@given(st.lists(st.integers(-90, 150), min_size=4, max_size=4))
def test_inclusive_boxes_stay_inclusive(box):
    boxes, found = fit(box, inclusive=True)
    continuous, same = fit((*box[:2], box[2] + 1, box[3] + 1))
    assert boxes == [[a, b, c - 1, d - 1] for a, b, c, d in continuous]
    assert found == same


def test_most_boxes_outside_are_refused():
    _, found = fit((50, 0, 80, 40), (70, 0, 80, 40), (0, 0, 62, 40))
    with pytest.raises(
        f.Refusal, match='mostly outside .* .2 times.: boxes.txt:7'
    ):
        check_lost(found, 3)
    check_lost(found, 4)


def test_shares_are_refused_as_a_whole():
    shares = [[0.2, 0.3, 0.7, 0.7], [0, 0, 1, 1], [0.2, 0.3, -0.3, -0.3]]
    with pytest.raises(
        ValueError, match='shares .*.3 times.: f:1; f:2; and 1 more'
    ):
        check_shares([*shares, [5, 5, 9, 9]], ['f:1', 'f:2', 'f:3', 'f:4'])
    check_shares([[0, 0, 1.5, 1], [0, 0, 1, 1]], ['f:1', 'f:2'])
    check_shares([], [])


@given(
    st.lists(
        st.tuples(*[st.floats(0, 0.4)] * 2, *[st.floats(0.5, 0.95)] * 2),
        min_size=9,
        max_size=30,
    ),
    st.tuples(st.integers(200, 900), st.integers(150, 900)),
)
def test_percent_is_refused_and_pixels_are_not(shares, size):
    shares = np.array([*shares, (0.1, 0.1, 0.9, 0.9)])
    places = [f'f:{i}' for i in range(len(shares))]
    sizes = [size] * len(shares)
    with pytest.raises(ValueError, match='percent .*f:0; f:1; and'):
        check_shares(shares * 100, places, sizes)
    check_shares(shares * np.tile(size, 2), places, sizes)
    check_shares(shares * 100, places)  # of unknown images
    check_shares(shares * 100, places, [(110, 140)] * len(shares))
    check_shares(shares * 100, places, [None] * len(shares))
    check_shares(shares * 60, places, sizes)  # small objects in a corner
    check_shares(shares[-9:] * 100, places[:9], sizes[:9])


DRAWN = np.random.default_rng(0).uniform(
    (10, 10, 160, 130), (120, 90, 290, 190), (40, 4)
)


@pytest.mark.parametrize(
    'misread',
    [
        lambda x0, y0, x1, y1: (x0, y0, x1 - x0, y1 - y0),
        lambda x0, y0, x1, y1: (x0, y0, x0 + x1, y0 + y1),
        lambda *box: [1.4 * corner for corner in box],
    ],
    ids=['sizes as corners', 'corners as sizes', 'larger images'],
)
def test_boxes_in_another_form_are_refused(misread):
    """Fewer than half of them are lost."""
    found = f.Faults()
    boxes = np.array([misread(*box) for box in DRAWN])
    fit_boxes(boxes, (300, 200), ['boxes.txt:7'], 'a.jpg', found)
    lost = found.get(f.LOST, []) + found.get(f.NOTHING_LEFT, [])
    assert 2 * len(lost) <= len(boxes)
    with pytest.raises(
        f.Refusal, match='Usual causes: x y width .*another resolution'
    ):
        check_lost(found, len(boxes))


def test_slips_of_a_few_pixels_are_not_refused():
    """Every box leaves the image by four pixels, and two are inverted."""
    found = f.Faults()
    boxes = [(0, 0, 304, 204)] * 18 + [(9, 9, 5, 20)] * 2
    fit_boxes(np.array(boxes), (300, 200), ['f:1'], 'a.jpg', found)
    assert len(found[f.OUTSIDE]) == 18
    assert 'ends before it begins' in found[f.NOTHING_LEFT][0]
    check_lost(found, len(boxes))
    fit_boxes(np.array(boxes[-1:]), (300, 200), ['f:1'], 'a.jpg', found)
    check_lost(found, 150)  # three are 2 %
    with pytest.raises(f.Refusal, match='inverted .3 times'):
        check_lost(found, 149)


def test_percent_is_refused_by_the_sizes_of_the_files():
    corners = np.array([(i, 5, i + 90, 95) for i in range(10)], np.float32)
    sample = dict(img_id='a.jpg', ori_gt_bboxes=corners)
    arguments = f.Faults(), [Header((300, 200))], 'stored', False
    with pytest.raises(f.Refusal, match='percent'):
        fit_samples([sample], *arguments)
