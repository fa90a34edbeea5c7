"""Each step of a score map against its formula, written out here."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmspg.evaluation.functional import (
    STEPS,
    apply_steps,
    checked_steps,
    place_score_map,
)

maps = arrays(
    np.float32,
    st.tuples(st.integers(2, 9), st.integers(2, 9)),
    elements=st.floats(-100, 100, width=16),
)


def rank(values, q):
    """The q-quantile between the two values around it."""
    ordered = sorted(values.ravel().tolist())
    at = q * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def min_max(m):
    return (m - m.min()) / (m.max() - m.min())


def percentile(m):
    shifted = m - m.min()
    return np.minimum(1, shifted / rank(shifted, 0.9))


def ivr(m):
    shifted = m - rank(m, 0.3)
    return np.maximum(0, shifted) / shifted.max()


def maximum(m):
    return np.maximum(0, m) / m.max()


FORMULAS = dict(min_max=min_max, percentile=percentile, ivr=ivr, max=maximum)


@pytest.mark.parametrize('name', STEPS)
def test_formula(name):
    rng = np.random.default_rng(0)
    for shape in ((2, 2), (7, 7), (14, 9), (1, 5)):
        score_map = rng.normal(size=shape)
        found = apply_steps(score_map, [name])
        np.testing.assert_allclose(found, FORMULAS[name](score_map))


def test_options():
    score_map = np.arange(101.0).reshape(1, -1)
    step = dict(type='percentile', q=0.5)
    assert apply_steps(score_map, [step])[0, 25] == 0.5
    step = dict(type='ivr', q=0.5)
    assert apply_steps(score_map, [step])[0, 75] == 0.5


@pytest.mark.parametrize('kind', [np.float32, torch.tensor])
def test_scores_above_a_quantile_at_the_minimum_are_one(kind):
    """Few pixels respond, so nine tenths of them are the lowest."""
    few = np.zeros((4, 8), np.float32)
    few[1, 2:4] = 0.1, 0.5
    found = np.asarray(apply_steps(kind(few), ['percentile']))
    np.testing.assert_array_equal(found, few > 0)


@pytest.mark.parametrize('name', STEPS)
@given(score_map=maps)
def test_range_shape_and_order_of_the_scores(name, score_map):
    found = apply_steps(score_map, [name])
    assert found.shape == score_map.shape
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    order = np.argsort(score_map, axis=None)
    assert (np.diff(found.ravel()[order]) >= 0).all()
    if score_map.min() == score_map.max():
        assert not found.any()


@pytest.mark.parametrize('name', STEPS)
@given(score_map=maps)
def test_a_mirrored_map_gives_the_mirrored_result(name, score_map):
    found = apply_steps(score_map, [name])
    mirrored = apply_steps(np.ascontiguousarray(score_map[:, ::-1]), [name])
    np.testing.assert_array_equal(found[:, ::-1], mirrored)


@pytest.mark.parametrize('name', STEPS)
@given(score_map=maps)
def test_tensors_are_treated_as_arrays(name, score_map):
    stack = np.stack([score_map, -score_map])
    expected = [apply_steps(one, [name]) for one in stack]
    found = apply_steps(torch.from_numpy(stack)[None], [name])[0]
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-6)


@pytest.mark.parametrize('value', [3, 0, -2, np.nan, np.inf])
@pytest.mark.parametrize('name', STEPS)
def test_a_map_without_evidence_stays_without_a_box(name, value):
    score_map = np.zeros((4, 5), np.float32)
    score_map[...] = value
    assert not apply_steps(score_map, [name]).any()
    assert not place_score_map(score_map, (9, 8), (9, 8), steps=[name]).any()


def test_steps_follow_one_another():
    score_map = np.float32([[-4, 0, 1, 2]])
    one = apply_steps(score_map, ['max'])
    both = apply_steps(score_map, ['max', dict(type='ivr', q=0.5)])
    np.testing.assert_allclose(one, [[0, 0, 0.5, 1]])
    np.testing.assert_allclose(both, [[0, 0, 1 / 3, 1]], rtol=1e-6)


def test_placed_by_its_steps_alone():
    """No min-max comes after them."""
    score_map = np.float32([[1, 2], [3, 4]])
    placed = place_score_map(score_map, (2, 2), (2, 2), steps=['max'])
    np.testing.assert_allclose(placed, score_map / 4)


@pytest.mark.parametrize(
    'steps, message',
    [
        (['percentil'], "no step 'percentil', perhaps 'percentile'"),
        ('percentile', r"\['percentile'\]"),
        ([dict(type='ivr', p=0.3)], "'ivr' has no option 'p'; valid are q"),
        ([dict(type='max', q=0.3)], 'valid are none'),
        ([dict(type='ivr', q=30)], 'above 0 and below 1, not 30'),
        ([dict(type='ivr', q=0)], 'above 0 and below 1, not 0'),
        ([dict(type='percentile', q=1)], 'above 0 and below 1, not 1'),
        ([dict(type='percentile', q=True)], 'not True'),
        ([dict(q=0.3)], 'no step None'),
    ],
)
def test_wrong_lists_name_what_is_valid(steps, message):
    with pytest.raises(ValueError, match=message):
        checked_steps(steps)


def test_checked_steps_are_as_json_has_them():
    steps = (dict(type='max'), dict(type='ivr', q=0.2), 'percentile')
    expected = ['max', dict(type='ivr', q=0.2), 'percentile']
    assert checked_steps(steps) == expected
    assert checked_steps(None) == []
