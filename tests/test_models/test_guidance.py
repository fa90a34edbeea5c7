"""Attention, Eq. (1) and the guided loss against their own statements."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from mmspg.models import guidance as G


def random_maps(seed, n=3, h=5, w=7):
    return torch.from_numpy(
        np.random.default_rng(seed).random((n, h, w), dtype=np.float32)
    )


def slow_mask(maps, delta_h, delta_l, min_foreground=0):
    """Eq. (1), pixel by pixel and image by image."""
    out = np.full(maps.shape, 255, np.uint8)
    for i, image in enumerate(maps.numpy()):
        high = np.float32(delta_h)
        if min_foreground and (image > high).sum() < min_foreground:
            high = np.float32(0.7) * image.max()
        for y, x in np.ndindex(*image.shape):
            if image[y, x] > high:
                out[i, y, x] = 1
            if image[y, x] < np.float32(delta_l):
                out[i, y, x] = 0
    return out


@given(
    seed=st.integers(0, 10**6),
    low=st.floats(0.01, 0.5),
    gap=st.floats(0.01, 0.45),
    few=st.sampled_from([0, 1, 10, 30, 100]),
)
@settings(max_examples=60, deadline=None)
def test_mask_is_equation_1(seed, low, gap, few):
    maps = random_maps(seed)
    maps[1] *= 0.03  # an image that has no pixel above delta_h
    ours = G.guidance_mask(maps, low + gap, low, few)
    np.testing.assert_array_equal(
        ours.numpy(), slow_mask(maps, low + gap, low, few)
    )


def test_fallback_of_one_image_leaves_the_others_alone():
    """The authors' code leaks the lowered threshold to later images."""
    maps = random_maps(0, n=2)
    alone = G.guidance_mask(maps[1:], 0.7, 0.1, 10)
    maps[0] *= 0.5
    both = G.guidance_mask(maps, 0.7, 0.1, 10)
    assert torch.equal(both[1:], alone)
    assert (both[0] == 1).any()


def test_values_on_the_thresholds_are_ignored():
    maps = torch.tensor([[[0.1, 0.7, 0.4]]])
    assert G.guidance_mask(maps, 0.7, 0.1).tolist() == [[[255, 255, 255]]]


def test_attention_is_normalised_per_image_and_keeps_negative_values():
    maps = torch.tensor([[[-3.0, 1.0], [0.0, -1.0]], [[5.0, 6.0], [7.0, 9.0]]])
    out = G.attention_map(maps, 2)
    assert torch.allclose(
        out, torch.tensor([[[0, 1.0], [0.75, 0.5]], [[0, 0.25], [0.5, 1.0]]])
    )


def test_constant_map_gives_no_nan():
    maps = torch.full((2, 4, 4), 3.0)
    attention = G.attention_map(maps, 8)
    assert torch.equal(attention, torch.zeros(2, 8, 8))


def test_map_with_one_pixel_above_its_minimum():
    maps = torch.zeros(1, 4, 4)
    maps[0, 1, 2] = 5
    assert torch.equal(G.min_max_normalise(maps), maps / 5)


@pytest.mark.parametrize('align_corners', [False, True])
def test_upsample_of_a_ramp(align_corners):
    """Corner to corner with align_corners, half a pixel outside without."""
    ramp = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    row = G.upsample(ramp, (2, 4), align_corners)[0, 0]
    wanted = [0, 1 / 3, 2 / 3, 1] if align_corners else [0, 0.25, 0.75, 1]
    assert torch.allclose(row, torch.tensor(wanted))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_loss_is_the_mean_over_labelled_pixels_of_the_batch(seed):
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 4, (2, 3, 4)).astype(np.float32))
    mask = torch.from_numpy(
        rng.choice(np.array([0, 1, 255], np.uint8), (2, 3, 4))
    )
    terms = []
    for logit, label in zip(logits.flatten(), mask.flatten(), strict=True):
        p = 1 / (1 + math.exp(-float(logit)))
        if label != 255:
            terms.append(-math.log(p if label else 1 - p))
    wanted = np.mean(terms) if terms else 0.0
    assert float(G.guided_bce(logits, mask)) == pytest.approx(
        wanted, rel=1e-4, abs=1e-6
    )


@given(seed=st.integers(0, 10**6), kinds=st.sampled_from(['01', '0', '1']))
@settings(max_examples=40, deadline=None)
def test_balanced_loss_is_half_of_each_kinds_own_mean(seed, kinds):
    """However few its pixels are; a kind that is missing adds nothing."""
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 4, (2, 3, 4)).astype(np.float32))
    values = np.array([255, *map(int, kinds)], np.uint8)
    mask = torch.from_numpy(rng.choice(values, (2, 3, 4)))
    terms = {0: [], 1: []}
    for logit, label in zip(logits.flatten(), mask.flatten(), strict=True):
        p = 1 / (1 + math.exp(-float(logit)))
        if label != 255:
            terms[int(label)].append(-math.log(p if label else 1 - p))
    wanted = sum(sum(t) / len(t) for t in terms.values() if t) / 2
    assert float(G.guided_bce(logits, mask, balanced=True)) == pytest.approx(
        wanted, rel=1e-4, abs=1e-6
    )


@given(start=st.floats(0, 0.9), length=st.floats(0.01, 1), at=st.floats(0, 1))
def test_ramp_is_a_line_between_its_ends(start, length, at):
    wanted = np.interp(at, [start, start + length], [0, 1])
    assert G.ramp(at, start, start + length) == pytest.approx(wanted)


@pytest.mark.parametrize('balanced', [False, True])
def test_loss_without_a_labelled_pixel_is_zero_with_zero_gradient(balanced):
    logits = torch.randn(1, 3, 3, requires_grad=True)
    mask = torch.full((1, 3, 3), 255, dtype=torch.uint8)
    loss = G.guided_bce(logits, mask, balanced=balanced)
    loss.backward()
    assert loss == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_ignored_pixels_get_no_gradient():
    logits = torch.randn(1, 1, 3, requires_grad=True)
    mask = torch.tensor([[[0, 1, 255]]], dtype=torch.uint8)
    G.guided_bce(logits, mask).backward()
    assert (logits.grad[0, 0, :2] != 0).all()
    assert logits.grad[0, 0, 2] == 0


def test_shares_count_the_pixels():
    mask = torch.tensor([[[0, 1, 255, 255]]], dtype=torch.uint8)
    shares = {k: float(v) for k, v in G.mask_shares(mask).items()}
    assert shares == dict(fg=0.25, bg=0.25, ignored=0.5)


def test_picked_class_maps_are_those_of_the_whole_convolution():
    conv = torch.nn.Conv2d(6, 9, 1)
    features = torch.randn(2, 6, 4, 5)
    labels = torch.tensor([[3, 0], [8, 8]])
    every = conv(features)
    picked = G.pick_class_maps(features, conv.weight, conv.bias, labels)
    for n in range(2):
        assert torch.allclose(picked[n], every[n, labels[n]], atol=1e-6)


def test_masks_carry_no_gradient():
    maps = torch.rand(1, 4, 4, requires_grad=True)
    assert not G.attention_map(maps, 8).requires_grad
    assert not G.guidance_mask(maps, 0.7, 0.1).requires_grad


def test_guidance_traces_without_data():
    """A data-dependent branch, or a read of a value, raises here."""
    with FakeTensorMode():
        features = torch.empty(2, 8, 7, 7)
        weight, bias = torch.empty(5, 8, 1, 1), torch.empty(5)
        labels = torch.empty(2, 1, dtype=torch.int64)
        class_map = G.pick_class_maps(features, weight, bias, labels)[:, 0]
        attention = G.attention_map(class_map, 24)
        mask = G.guidance_mask(attention, 0.7, 0.1, min_foreground=30)
        loss = G.guided_bce(G.upsample(class_map, 24), mask, balanced=True)
        shares = G.mask_shares(mask)
        assert mask.shape == (2, 24, 24)
        assert loss.shape == shares['fg'].shape == ()
