"""The channels come first, however the image lies in memory."""

import numpy as np
import pytest

from mmspg.datasets import PackLocInputs

IMAGE = np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)


@pytest.mark.parametrize(
    'view',
    [
        IMAGE,
        IMAGE[3:20, 5:31],
        IMAGE[3:20, 5:31][:, ::-1],
        IMAGE[::-1],
        IMAGE[::-1, ::-1],
        IMAGE[:, ::2],
        IMAGE[..., ::-1],
        IMAGE[..., :2],
        IMAGE[..., :1],
        IMAGE[..., 0],
        np.asfortranarray(IMAGE),
        IMAGE.transpose(2, 0, 1).copy().transpose(1, 2, 0),
        IMAGE.astype(np.float32),
    ],
)
def test_planes(view):
    found = PackLocInputs.format_input(view)
    whole = view if view.ndim == 3 else view[..., None]
    np.testing.assert_array_equal(found.numpy(), whole.transpose(2, 0, 1))
    assert found.is_contiguous()
    assert found.numpy().dtype == view.dtype
