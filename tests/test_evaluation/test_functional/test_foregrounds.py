"""Where maps are cut, beside the comparison that a rule is stated by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mmspg.evaluation.functional import foregrounds

WIDTHS = {np.float32: 32, np.float64: 64}


@st.composite
def maps_and_thresholds(draw, low=None, high=None):
    dtype = draw(st.sampled_from(list(WIDTHS)))
    numbers = st.floats(
        low, high, width=WIDTHS[dtype], allow_nan=False, allow_infinity=False
    )
    score_map = draw(arrays.arrays(dtype, (3, 4), elements=numbers))
    # Those of the map are where a cut may fall on the wrong side.
    near = st.sampled_from(score_map.ravel().tolist())
    cuts = near | st.floats(allow_nan=False)
    return score_map, draw(st.lists(cuts, min_size=1, max_size=300))


@given(maps_and_thresholds(0, 1))
@settings(max_examples=300, deadline=None)
def test_a_foreground_of_values_is_what_is_above_the_threshold(drawn):
    score_map, thresholds = drawn
    levels, floors = foregrounds.value_foregrounds(score_map, thresholds)
    for threshold, floor in zip(thresholds, floors, strict=True):
        above = score_map.astype(np.float64) > threshold
        assert np.array_equal(levels >= floor, above)


@pytest.mark.filterwarnings('ignore:overflow:RuntimeWarning')
@given(maps_and_thresholds())
@settings(max_examples=300, deadline=None)
def test_a_foreground_below_the_maximum_takes_any_finite_map(drawn):
    score_map, thresholds = drawn
    levels, floors = foregrounds.maximum_foregrounds(score_map, thresholds)
    cuts = np.multiply(thresholds, float(score_map.max()))
    for cut, floor in zip(cuts, floors, strict=True):
        above = score_map.astype(np.float64) > cut
        assert np.array_equal(levels >= floor, above)
