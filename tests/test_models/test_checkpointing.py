"""Recomputing what the backward pass needs changes memory, nothing else."""

import copy

import pytest
import torch
from torch import nn

from mmspg.models import SPGNeck, TruncatedInceptionV3
from mmspg.models.checkpointing import maybe_checkpoint


def train_once(model, step, seed=3):
    """Loss, gradients and buffers after one forward and backward pass."""
    model.train()
    torch.manual_seed(seed)  # dropout
    loss = step(model)
    loss.backward()
    return (
        loss.detach(),
        {n: p.grad for n, p in model.named_parameters()},
        dict(model.named_buffers()),
    )


def same(left, right):
    assert torch.equal(left[0], right[0])
    for one, other in zip(left[1:], right[1:], strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert torch.equal(one[name], other[name]), name


def saved_bytes(model, step):
    """Bytes that the graph keeps, each storage once, weights left out."""
    kept = {}
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    model.train()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        loss = step(model)
    total = sum(kept.values())
    del loss
    return total


@pytest.fixture(scope='module')
def backbone():
    torch.manual_seed(0)
    return TruncatedInceptionV3()


def backbone_step(model):
    images = torch.linspace(-2, 2, 2 * 3 * 64 * 64).reshape(2, 3, 64, 64)
    return sum(x.square().mean() for x in model(images.sin()))


def twins(model):
    plain, checked = copy.deepcopy(model), copy.deepcopy(model)
    checked.with_cp = True
    return plain, checked


@pytest.mark.parametrize('norm_eval', [False, True])
def test_backbone_is_bit_identical(backbone, norm_eval):
    """Statistics of BatchNorm included, which a second pass would move."""
    plain, checked = twins(backbone)
    plain.norm_eval = checked.norm_eval = norm_eval
    same(train_once(plain, backbone_step), train_once(checked, backbone_step))
    moved = int(checked.Mixed_6e.branch1x1.bn.num_batches_tracked)
    assert moved == (0 if norm_eval else 1)


def test_backbone_keeps_a_third(backbone):
    plain, checked = twins(backbone)
    ratio = saved_bytes(checked, backbone_step) / saved_bytes(
        plain, backbone_step
    )
    assert ratio < 1 / 3


def test_neck_is_bit_identical_with_its_dropout():
    torch.manual_seed(0)
    neck = SPGNeck((4, 6, 6), (8, 8), 5, (5,), dropout=0.5)

    def step(model):
        features = [
            torch.linspace(-1, 1, 2 * c * 49).sin().reshape(2, c, 7, 7)
            for c in (4, 6, 6)
        ]
        feats = model([x.requires_grad_() for x in features])
        maps = feats.b1(), feats.b2(), feats.c()
        return sum(m.square().mean() for m in (feats.tail, *maps))

    plain, checked = twins(neck)
    same(train_once(plain, step), train_once(checked, step))
    assert saved_bytes(checked, step) < saved_bytes(plain, step)


def test_buffers_are_the_own_ones_again_after_an_error():
    layer = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 3, 1))
    own = list(layer.buffers())
    out = maybe_checkpoint(layer, torch.rand(2, 3, 4, 4), True)
    seen = []

    def fail(*_):
        seen.extend(layer.buffers())
        raise RuntimeError('in the second pass')

    layer[1].register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match='second pass'):
        out.sum().backward()
    assert len(seen) == len(own) == 3
    assert not any(a is b for a, b in zip(seen, own, strict=True))
    assert all(a is b for a, b in zip(layer.buffers(), own, strict=True))


def test_without_gradient_nothing_is_wrapped(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr('mmspg.models.checkpointing.checkpoint', refuse)
    layer, x = nn.Conv2d(3, 3, 1), torch.rand(1, 3, 4, 4)
    with torch.no_grad():
        assert torch.equal(maybe_checkpoint(layer, x, True), layer(x))
    assert torch.equal(maybe_checkpoint(layer, x, False), layer(x))
