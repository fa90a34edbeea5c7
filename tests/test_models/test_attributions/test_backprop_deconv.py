"""Backprop and Deconv against hand-written backward passes."""

import pytest
import torch
import torch.nn.functional as F
from small_nets import LABELS, BranchNet, SmallNet, build, images
from torch import nn

from mmspg.models.attributions import backprop, deconv


@pytest.mark.parametrize('kind', [SmallNet, BranchNet])
def test_backprop_is_the_largest_gradient_of_the_three_colours(kind):
    net, x = build(kind), images()
    maps = backprop(net, x, LABELS)
    for n in range(2):
        for k, label in enumerate(LABELS[n]):
            one = x[n : n + 1].clone().requires_grad_()
            net(one)[0, label].backward()
            wanted = torch.stack([one.grad[0, c].abs() for c in range(3)]).max(
                0
            )[0]
            torch.testing.assert_close(maps[n, k], wanted)


def by_hand(net, x, label):
    """The deconvnet of SmallNet, layer by layer, without autograd."""
    bn = net.bn1
    scale = bn.weight / (bn.running_var + bn.eps).sqrt()
    hidden = F.relu(net.bn1(net.conv1(x)))
    pooled, where = F.max_pool2d(hidden, 2, return_indices=True)
    last = net.conv2(pooled)
    signal = net.fc.weight[label] / last[0, 0].numel()
    signal = signal[None, :, None, None].expand_as(last)
    signal = signal.clamp(min=0)  # the backward ReLU
    signal = F.conv_transpose2d(signal, net.conv2.weight, padding=1)
    signal = F.max_unpool2d(signal, where, 2)
    signal = signal.clamp(min=0)
    signal = signal * scale[:, None, None]
    signal = F.conv_transpose2d(signal, net.conv1.weight, padding=1)
    return signal.abs().max(1)[0][0]


@torch.no_grad()
def test_deconv_by_hand():
    net, x = build(), images()
    maps = deconv(net, x, LABELS)
    for n in range(2):
        for k, label in enumerate(LABELS[n]):
            torch.testing.assert_close(
                maps[n, k], by_hand(net, x[n : n + 1], label)
            )
    assert not torch.allclose(maps, backprop(net, x, LABELS))


@pytest.mark.parametrize('method', [backprop, deconv])
def test_the_net_is_left_as_it_was(method):
    net = build()
    net.conv1.weight.requires_grad_(False)
    before = net(images()).detach()
    method(net, images(), LABELS)
    assert all(p.grad is None for p in net.parameters())
    assert not net.conv1.weight.requires_grad
    assert net.conv2.weight.requires_grad
    assert torch.equal(net(images()), before)
    assert not any(m._forward_hooks for m in net.modules())


def test_gradients_are_on_under_no_grad():
    with torch.no_grad():
        assert backprop(build(), images(), LABELS).max() > 0


def test_a_relu_is_found_however_it_is_called():
    class Calls(nn.Module):
        def __init__(self, relu):
            super().__init__()
            self.relu = relu
            self.fc = nn.Linear(12, 5)

        def forward(self, x):
            return -self.fc(self.relu(x).flatten(1))

    x, found = images(side=2), []
    ways = [nn.ReLU(), nn.ReLU(inplace=True), torch.relu, F.relu]
    ways += [lambda y: y.relu(), lambda y: y.clone().relu_()]
    for relu in ways:
        torch.manual_seed(0)
        found.append(deconv(Calls(relu), x, LABELS))
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])
