import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mmspg.evaluation.functional import (
    hits_at_thresholds,
    pack_hits,
    unpack_hits,
)


def test_an_iou_on_the_threshold_is_a_hit_unless_strict():
    ious = [0.3, 0.5, 0.5000001]
    loose = hits_at_thresholds(ious, (0.5, 0.7))
    assert loose.tolist() == [[False, True, True], [False, False, False]]
    assert hits_at_thresholds(ious, strict=True).tolist() == [
        [False, False, True]
    ]


@given(
    arrays.arrays(bool, st.tuples(*map(st.integers, (1, 1, 1), (3, 4, 70))))
)
def test_packing_loses_nothing(hits):
    packed = [pack_hits(image) for image in hits]
    assert np.array_equal(unpack_hits(packed, hits.shape[1:]), hits)


def test_a_record_of_the_benchmark_is_small():
    assert len(pack_hits(np.ones((3, 1000), bool))) == 375
