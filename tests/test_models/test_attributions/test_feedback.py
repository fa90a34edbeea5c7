"""Feedback: the score never falls, and the gates are what it says."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from small_nets import LABELS, SmallNet, build, images
from torch import nn

from mmspg.models.attributions import backprop, feedback, feedback_gates


class Deep(nn.Module):
    """Enough ReLUs that closing all at once can lower the score."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(3 if i == 0 else 6, 6, 3, padding=1) for i in range(5)
        )
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        for conv in self.convs:
            x = F.relu(conv(x))
        return self.fc(F.max_pool2d(x, 2).mean(dim=(2, 3)))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_score_does_not_fall_from_one_iteration_to_the_next(seed):
    net, x = build(Deep, seed), images(3, seed, side=6)
    labels = torch.tensor([0, 1, 2])
    _, scores = feedback_gates(net, x, labels, iterations=6)
    assert (scores[1:] >= scores[:-1]).all()
    torch.testing.assert_close(
        scores[0], net(x).gather(1, labels[:, None])[:, 0].detach()
    )


def test_the_score_rises_where_a_unit_speaks_against_the_class():
    net, x = build(Deep, 0), images(3, 0, side=6)
    _, scores = feedback_gates(net, x, torch.tensor([0, 1, 2]), iterations=6)
    assert (scores[-1] > scores[0]).any()


def gated(net, x, gates):
    """SmallNet with gates behind its ReLUs and its pool."""
    x = F.relu(net.bn1(net.conv1(x))) * gates[0]
    x = net.pool(x) * gates[1]
    x = F.relu(net.conv2(x)) * gates[2]
    return net.fc(x.mean(dim=(2, 3)))


def test_gates_are_binary_and_give_the_score_and_the_map():
    net, x = build(), images()
    gates, scores = feedback_gates(net, x, LABELS[:, 0])
    assert {float(v) for g in gates for v in g.unique()} == {0.0, 1.0}
    final = gated(net, x, gates).gather(1, LABELS[:, :1])[:, 0]
    torch.testing.assert_close(final.detach(), scores[-1])
    x.requires_grad_()
    gated(net, x, gates).gather(1, LABELS[:, :1]).sum().backward()
    maps = feedback(net, x.detach(), LABELS)
    torch.testing.assert_close(maps[:, 0], x.grad.abs().amax(1))
    assert not torch.allclose(maps, backprop(net, x.detach(), LABELS))


def test_gates_close_where_gradient_times_activation_is_negative():
    """One iteration, on the last layer, where it is exact."""
    net, x = build(), images(1)
    with torch.no_grad():
        gates, _ = feedback_gates(net, x, LABELS[:1, 0], iterations=1)
        against = net.fc.weight[LABELS[0, 0]] < 0
        active = F.relu(net.conv2(net.pool(F.relu(net.bn1(net.conv1(x))))))
    closed = against[None, :, None, None] & (active > 0)
    assert torch.equal(gates[2] == 0, closed)


def test_it_ends_when_no_gate_moves():
    net, x = build(), images()
    _, scores = feedback_gates(net, x, LABELS[:, 0], iterations=50)
    assert len(scores) < 50
    assert torch.equal(scores[-1], scores[-2])


def test_nothing_to_gate():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 5))
    with pytest.raises(ValueError, match='relu'):
        feedback_gates(net, images(), LABELS[:, 0])


def test_the_net_is_left_as_it_was():
    net = build(SmallNet)
    feedback(net, images(), LABELS)
    assert all(p.requires_grad and p.grad is None for p in net.parameters())
