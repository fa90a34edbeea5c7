"""The kind of a wrong box, beside a count of its pixels."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mmspg.evaluation.functional.error_kinds import (
    MORE,
    PART,
    RIGHT,
    SEVERAL,
    WRONG,
    error_kinds,
)

SIDE = 8


@st.composite
def a_box(draw):
    ends = st.lists(st.integers(0, SIDE - 1), min_size=2, max_size=2)
    (x0, x1), (y0, y1) = sorted(draw(ends)), sorted(draw(ends))
    return x0, y0, x1, y1


def pixels(box):
    x0, y0, x1, y1 = box
    return {(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)}


def kind_by_pixels(box, truth, right):
    """The docstring's conditions in its order, with shares of pixels."""
    if right:
        return RIGHT
    box, truth = pixels(box), [pixels(one) for one in truth]
    shared = [len(box & one) for one in truth]
    covered = [n / len(one) for n, one in zip(shared, truth, strict=True)]
    if sum(share > 0.3 for share in covered) >= 2:
        return SEVERAL
    if any(n / len(box) > 0.5 for n in shared):
        return PART
    return MORE if any(share > 0.7 for share in covered) else WRONG


@given(a_box(), st.lists(a_box(), min_size=1, max_size=3), st.booleans())
@settings(max_examples=300)
def test_kinds_are_those_of_the_pixels(box, truth, right):
    found = error_kinds([box], truth, [right])
    assert found.tolist() == [kind_by_pixels(box, truth, right)]


def test_a_share_on_its_bound_does_not_pass_it():
    whole, half, far = (0, 0, 9, 9), (0, 0, 9, 4), (50, 50, 59, 59)
    two = [(0, 0, 9, 9), (0, 10, 9, 19)]
    lower = (0, 7, 9, 12)  # .3 of each of the two, and half of it in each
    assert error_kinds([lower], two, [False]).tolist() == [WRONG]
    options = dict(iop=0.6, several=0.29)
    assert error_kinds([lower], two, [False], **options) == [SEVERAL]
    # Half of the true box, and wholly inside of it: a part, not more of it.
    assert error_kinds([half], [whole], [False]).tolist() == [PART]
    options = dict(iop=1.0, iog=0.5)
    assert error_kinds([half], [whole], [False], **options) == [WRONG]
    options = dict(iop=1.0, iog=0.49)
    assert error_kinds([half], [far, whole], [False], **options) == [MORE]
