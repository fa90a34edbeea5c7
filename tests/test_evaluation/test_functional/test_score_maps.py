import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmspg.evaluation.functional import (
    is_flat,
    min_max,
    place_score_map,
)
from mmspg.evaluation.wsol.grid import wsol_score_map


def upsample(score_map, image_size, align_corners=False):
    """Independent: torch's bilinear, then min-max."""
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(score_map)[None, None].double(),
        image_size[::-1],
        mode='bilinear',
        align_corners=align_corners,
    )[0, 0].numpy()
    return (resized - resized.min()) / np.ptp(resized)


def draw(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(height, width)).astype(np.float32)


def homography(scale, shift=(0, 0)):
    matrix = np.diag([*scale, 1.0])
    matrix[:2, 2] = shift
    return matrix


sides = st.integers(2, 40)


@pytest.mark.quick
@given(sides, sides, sides, sides, st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_plain_resize_is_that_of_torch(h, w, height, width, corners, given_it):
    score_map = draw(h, w)
    scale = (24 / width, 24 / height)
    placed = place_score_map(
        score_map,
        (width, height),
        (24, 24),
        homography(scale) if given_it else None,
        align_corners=corners,
    )
    assert placed.dtype == np.float32
    expected = upsample(score_map, (width, height), corners)
    assert np.abs(placed - expected).max() < 2e-5


@pytest.mark.parametrize('corners', [False, True])
def test_a_flipped_input_is_flipped_back(corners):
    score_map, size = draw(7, 7), (50, 31)
    scale = (28 / 50, 28 / 31)
    flipped = homography((-scale[0], scale[1]), (28, 0))
    placed = place_score_map(
        score_map[:, ::-1], size, (28, 28), flipped, corners
    )
    expected = upsample(score_map, size, corners)
    assert np.abs(placed - expected).max() < 2e-5


@pytest.mark.parametrize('corners', [False, True])
@pytest.mark.parametrize('flip', [False, True])
def test_a_crop_covers_its_region_and_nothing_else(flip, corners):
    # A crop of x 10 to 34, y 4 to 28 of the image, at twice its size.
    score_map, size = draw(6, 6), (60, 40)
    matrix = homography((2, 2), (-20, -8))
    if flip:
        matrix = homography((-2, 2), (68, -8))
        score_map = np.ascontiguousarray(score_map[:, ::-1])
    placed = place_score_map(score_map, size, (48, 48), matrix, corners)
    inside = placed[4:28, 10:34]
    if flip:
        score_map = np.ascontiguousarray(score_map[:, ::-1])
    expected = upsample(score_map, (24, 24), corners)
    assert np.abs(inside - expected).max() < 2e-5
    placed[4:28, 10:34] = 0
    assert not placed.any()


def test_a_crop_beyond_the_image_uses_the_part_inside():
    # The input shows x -10 to 30 of the image: a quarter of it is padding.
    score_map = np.tile(np.arange(4, dtype=np.float32), (4, 1))
    placed = place_score_map(
        score_map, (30, 40), (40, 40), homography((1, 1), (10, 0))
    )
    ramp = np.clip((np.arange(30) + 10.5) / 10 - 0.5, 0, 3)
    ramp = (ramp - ramp[0]) / np.ptp(ramp)
    assert np.abs(placed - ramp).max() < 1e-6


@pytest.mark.parametrize('corners', [False, True])
def test_a_map_of_one_row_covers_its_crop(corners):
    row = draw(1, 6)
    placed = place_score_map(
        row, (60, 40), (48, 48), homography((2, 2), (-20, -8)), corners
    )
    expected = upsample(row, (24, 24), corners)
    assert np.abs(placed[4:28, 10:34] - expected).max() < 2e-5


def test_an_input_apart_from_the_image_leaves_zeros():
    placed = place_score_map(
        draw(4, 4), (20, 20), (8, 8), homography((1, 1), (-30, 0))
    )
    assert placed.shape == (20, 20)
    assert not placed.any()


@pytest.mark.parametrize('bad', [np.nan, np.inf, None])
def test_flat_maps_become_zeros(bad):
    score_map = np.full((4, 4), 3.0, np.float32)
    if bad is not None:
        score_map[1, 2] = bad
    assert is_flat(score_map)
    assert not min_max(score_map).any()
    assert not place_score_map(score_map, (9, 8), (4, 4)).any()
    assert not wsol_score_map(score_map).any()


@given(st.integers(0, 99), st.sampled_from(['f2', 'f4', 'f8', 'i4']))
@settings(deadline=None)
def test_min_max_reaches_both_ends(seed, dtype):
    score_map = (draw(5, 4, seed) * 50).astype(dtype)
    before = score_map.copy()
    scaled = min_max(score_map)
    assert not is_flat(score_map)
    assert (scaled.min(), scaled.max()) == (0, 1)
    assert scaled.dtype == (np.float64 if dtype == 'f8' else np.float32)
    assert np.array_equal(score_map, before)
    order = np.argsort(score_map, axis=None, kind='stable')
    assert (np.diff(scaled.ravel()[order]) >= 0).all()


def test_the_benchmark_interpolates_with_cubics():
    ready = wsol_score_map(draw(28, 28))
    # OpenCV's cubic is torch's, with the same coefficient of -.75.
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(draw(28, 28))[None, None],
        (224, 224),
        mode='bicubic',
        align_corners=False,
    )[0, 0].numpy()
    expected = (resized - resized.min()) / np.ptp(resized)
    assert ready.shape == (224, 224)
    assert np.abs(ready - expected).max() < 1e-5


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match='one by one'):
        place_score_map(np.zeros((3, 4, 4)), (9, 9), (4, 4))
    turned = np.array([[0, -1, 4], [1, 0, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match='does more'):
        place_score_map(np.eye(4), (9, 9), (4, 4), turned)
    with pytest.raises(ValueError, match=r'must be \(3, 3\)'):
        place_score_map(np.eye(4), (9, 9), (4, 4), np.eye(2))
