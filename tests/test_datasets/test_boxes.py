import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmspg.datasets.boxes import check_boxes, from_inclusive

pytestmark = pytest.mark.quick  # on both stacks

SIZE = (60, 40)


def test_inclusive_pixels_cover_one_more():
    boxes = from_inclusive([[0, 0, 59, 39], [5, 6, 5, 6]])
    assert boxes.tolist() == [[0, 0, 60, 40], [5, 6, 6, 7]]
    assert boxes.dtype == np.float32


@pytest.mark.parametrize(
    'box, clipped',
    [
        ((0, 0, 60, 40), (0, 0, 60, 40)),
        ((-1, -1, 61, 41), (0, 0, 60, 40)),
        ((-0.25, 3, 10, 40.5), (0, 3, 10, 40)),
    ],
)
def test_within_a_pixel_is_clipped_and_counted(box, clipped):
    boxes, count = check_boxes(np.float32([box, box]), SIZE, ['f:1'], 'i')
    assert boxes.tolist() == [list(clipped)] * 2
    assert count == (2 if box != clipped else 0)


@pytest.mark.parametrize(
    'box, fault',
    [
        ((0, 0, 61.5, 40), 'outside'),
        ((0, -1.5, 60, 40), 'outside'),
        ((60, 0, 61, 40), 'outside'),  # nothing left inside
        ((5, 5, 5, 9), 'empty'),
        ((9, 5, 5, 9), 'empty'),
        ((np.nan, 0, 5, 5), 'outside'),
        ((0, 0, np.inf, 5), 'outside'),
    ],
)
def test_refused_with_line_and_image(box, fault):
    boxes = np.float32([(1, 1, 2, 2), box])
    with pytest.raises(ValueError, match=fault) as e:
        check_boxes(boxes, SIZE, ['boxes.txt:7', 'boxes.txt:8'], 'a/b.jpg')
    assert 'boxes.txt:8' in str(e.value)
    assert 'a/b.jpg' in str(e.value)
    assert '60 x 40' in str(e.value)


def test_no_boxes():
    boxes, count = check_boxes(np.zeros((0, 4)), SIZE, [], 'i')
    assert boxes.shape == (0, 4)
    assert count == 0


@given(st.lists(st.floats(-3, 63, width=32), min_size=4, max_size=4))
def test_what_passes_is_inside_and_not_moved_by_more_than_a_pixel(box):
    try:
        (out,), _ = check_boxes(np.float32([box]), SIZE, ['f:1'], 'i')
    except ValueError:
        x0, y0, x1, y1 = box
        fine = -1 <= x0 < x1 <= 61 and -1 <= y0 < y1 <= 41
        assert not fine or x0 >= 60 or y0 >= 40 or x1 <= 0 or y1 <= 0
        return
    assert np.abs(out - np.float32(box)).max() <= 1
    assert 0 <= out[0] < out[2] <= 60
    assert 0 <= out[1] < out[3] <= 40
