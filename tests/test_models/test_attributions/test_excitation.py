"""Excitation backprop: its rule by hand, its sums, what it refuses."""

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from small_nets import LABELS, BranchNet, SmallNet, build, images
from torch import nn

from mmspg.models.attributions.excitation import (
    excitation,
    winning_probability,
)


def share(matrix, x, prob):
    """The rule, cell by cell: ``matrix`` ``(out, in)``, x and prob flat."""
    out = torch.zeros_like(x)
    for j in range(len(prob)):
        excited = x * matrix[j].clamp(min=0)
        if excited.sum() != 0:
            out += prob[j] * excited / excited.sum()
    return out


def matrix_of(function, shape):
    """A linear function of a ``shape``d input as a matrix."""
    size = torch.Size(shape).numel()
    eye = torch.eye(size).view(size, *shape)
    return function(eye).flatten(1).t()


@torch.no_grad()
def by_hand(net, image, label, contrast=False):
    """MWP of SmallNet at its pool, by dense matrices."""
    pooled = net.pool(F.relu(net.bn1(net.conv1(image[None]))))[0]
    last = F.relu(net.conv2(pooled[None]))[0]
    means = last.mean(dim=(1, 2))
    prob = torch.zeros(len(net.fc.weight))
    prob[label] = 1
    sign = -1 if contrast else 1
    prob = share(sign * net.fc.weight, means, prob)
    average = matrix_of(lambda x: x.mean(dim=(2, 3)), last.shape)
    prob = share(average, last.flatten(), prob)
    conv = matrix_of(
        lambda x: F.conv2d(x, net.conv2.weight, padding=1), pooled.shape
    )
    return share(conv, pooled.flatten(), prob).view_as(pooled)


@pytest.mark.parametrize('contrastive', [False, True])
def test_by_hand(contrastive):
    net, x = build(), images()
    maps = excitation(net, x, LABELS, 'pool', contrastive)
    for n in range(2):
        for k, label in enumerate(LABELS[n]):
            prob = by_hand(net, x[n], label)
            if contrastive:
                prob = prob - by_hand(net, x[n], label, contrast=True)
            wanted = prob.sum(0).clamp(min=0)
            torch.testing.assert_close(
                maps[n, k], wanted, atol=1e-6, rtol=1e-4
            )


def test_a_batch_norm_is_folded_into_its_convolution():
    net, x = build(), images()
    scale = net.bn1.weight / (net.bn1.running_var + net.bn1.eps).sqrt()
    plain = build()
    plain.conv1.weight.data *= scale[:, None, None, None].detach()
    plain.conv1.bias.data = (
        (net.conv1.bias - net.bn1.running_mean) * scale + net.bn1.bias
    ).detach()
    plain.bn1 = nn.Identity()
    torch.testing.assert_close(net(x), plain(x))
    # Above the input, where activations may be negative.
    ours = HalfPositive(net), HalfPositive(plain)
    found = [winning_probability(n, x, LABELS, 'front')[0] for n in ours]
    torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=1e-3)


class HalfPositive(nn.Module):
    """A net behind a layer whose output is not negative."""

    def __init__(self, net):
        super().__init__()
        self.front = nn.ReLU()
        self.net = net

    def forward(self, x):
        return self.net(self.front(x))


class Positive(nn.Module):
    """Weights above 0, so that every unit is excited."""

    def __init__(self, kind):
        super().__init__()
        self.front = nn.ReLU()
        self.net = kind()
        for p in self.net.parameters():
            p.data.abs_().add_(0.01)
        self.eval()

    def forward(self, x):
        return self.net(self.front(x))


@pytest.mark.parametrize(
    'kind, layers',
    [
        (SmallNet, ['front', 'net.bn1', 'net.pool', 'net.relu']),
        (BranchNet, ['front', 'net.stem', 'net.pool']),
    ],
)
def test_the_sum_is_conserved_layer_by_layer(kind, layers):
    torch.manual_seed(0)
    net, x = Positive(kind), images().abs()
    for layer in layers:
        for prob in winning_probability(net, x, LABELS, layer):
            torch.testing.assert_close(
                prob.sum(dim=(1, 2, 3)), torch.ones(2), atol=1e-4, rtol=0
            )
            assert prob.min() >= 0


@pytest.mark.parametrize(
    'backbone, channels, layers',
    [
        (dict(type='ResNet', depth=18), 512, ['maxpool', 'layer2.0']),
        (
            dict(type='mmspg.TruncatedGoogLeNet'),
            832,
            ['maxpool2', 'inception4a'],
        ),
    ],
)
def test_it_passes_residuals_and_inceptions(backbone, channels, layers):
    torch.manual_seed(0)
    net = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=backbone,
            head=dict(
                type='mmspg.CAMHead', num_classes=5, in_channels=channels
            ),
        )
    )
    net.eval()
    for layer in layers:
        prob = winning_probability(
            net, images(side=64), LABELS, f'backbone.{layer}'
        )[0]
        torch.testing.assert_close(
            prob.sum(dim=(1, 2, 3)), torch.ones(2), atol=1e-3, rtol=0
        )


def test_contrast_sums_to_nothing():
    torch.manual_seed(0)
    net = Positive(BranchNet)
    net.net.fc.weight.data[:, ::2] *= -1  # something opposes, too
    prob = winning_probability(
        net, images().abs(), LABELS, 'net.pool', contrastive=True
    )[0]
    torch.testing.assert_close(
        prob.sum(dim=(1, 2, 3)), torch.zeros(2), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    'layer, function',
    [
        (nn.Sigmoid(), 'sigmoid'),
        (nn.GELU(), 'gelu'),
        (nn.GroupNorm(2, 8), 'group_norm'),
        (nn.BatchNorm2d(8), 'batch_norm'),
        (nn.Softmax(dim=1), 'softmax'),
    ],
)
def test_what_it_cannot_pass_is_named(layer, function):
    net = build()
    net.relu = nn.Sequential(nn.ReLU(), layer.eval())
    with pytest.raises(ValueError, match=f"'{function}' of layer 'relu.1'"):
        excitation(net, images(), LABELS, 'pool')


def test_unknown_layer_lists_those_there_are():
    with pytest.raises(ValueError, match="'pol', perhaps 'pool'.*conv2, relu"):
        excitation(build(), images(), LABELS, 'pol')


def test_a_layer_that_the_scores_do_not_see():
    net = build()
    net.aside = nn.ReLU()
    with pytest.raises(ValueError, match="do not depend on layer 'aside'"):
        excitation(net, images(), LABELS, 'aside')


def test_training_mode_is_refused():
    net = build()
    net.front = nn.ReLU()
    net.forward = lambda x: SmallNet.forward(net, net.front(x))
    net.train()
    with pytest.raises(ValueError, match=r"'bn1' is in training.*net\.eval"):
        excitation(net, images(), LABELS, 'front')
