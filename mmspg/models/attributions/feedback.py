"""Feedback: close gates that act against the class (Cao et al., 2015)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .backprop import input_gradient
from .steering import frozen

GATED = ('relu', 'relu_', 'max_pool2d')


class _Gates(TorchFunctionMode):
    """Multiply the outputs of ReLUs and pools, in order, by gates.

    Args:
        gates (list[Tensor]): One for each output. Open gates are appended if
            there are too few.
    """

    def __init__(self, gates: list[Tensor]):
        super().__init__()
        self.gates = gates
        self.position = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if getattr(func, '__name__', '') not in GATED:
            return out
        if self.position == len(self.gates):
            self.gates.append(torch.ones_like(out))
        self.position += 1
        return out * self.gates[self.position - 1]


def feedback_gates(
    net: nn.Module, images: Tensor, labels: Tensor, iterations: int = 10
) -> tuple[list[Tensor], Tensor]:
    """Find gates that raise the score of a class.

    Each iteration closes the gates whose gradient times activation is
    negative, and opens the others. To first order this raises the score. If
    the score of an image falls nevertheless, only the layers nearest to the
    score change: half of them, a quarter and so on, down to the last one.
    Behind the last one a network with a linear classifier is linear, so no
    image's score falls.

    Args:
        net (nn.Module): Gives class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, )``, int64.
        iterations (int): Largest number of iterations. It ends earlier when
            no gate moves. Defaults to 10.

    Returns:
        tuple: The gates of all ReLUs and pools in order, 0 or 1, each in the
        shape of the output; and the scores ``(I + 1, N)``, of which the
        first are with all gates open.

    Raises:
        ValueError: There is nothing to gate.
    """

    def score(gates):
        with _Gates(gates):
            return net(images).gather(1, labels[:, None])[:, 0]

    gates = []
    with torch.enable_grad(), frozen(net):
        with torch.no_grad():
            scores = [score(gates)]
        if not gates:
            raise ValueError(
                f'Feedback gates {", ".join(GATED)}, and '
                f'{type(net).__name__} calls none of them.'
            )
        for _ in range(iterations):
            for gate in gates:
                gate.requires_grad_()
            # The gradient by the gate is gradient times activation.
            grads = torch.autograd.grad(
                score(gates).sum(), gates, materialize_grads=True
            )
            gates = [gate.detach() for gate in gates]
            wanted = [
                (grad >= 0).to(gate)
                for grad, gate in zip(grads, gates, strict=True)
            ]
            with torch.no_grad():
                moved, best = _step(score, gates, wanted, scores[-1])
            still = all(map(torch.equal, moved, gates))
            gates = moved
            scores.append(best)
            if still:
                break
    return gates, torch.stack(scores)


def _step(
    score: Callable, gates: list[Tensor], wanted: list[Tensor], before: Tensor
) -> tuple[list[Tensor], Tensor]:
    """Take the wanted gates of as many layers as lower no image's score."""
    best, taken = before, torch.zeros_like(before, dtype=torch.bool)
    moved, kept = list(gates), len(gates)
    while kept:
        first = len(gates) - kept
        trial = [*gates[:first], *wanted[first:]]
        found = score(trial)
        take = (found >= before) & ~taken
        best, taken = torch.where(take, found, best), taken | take
        moved = [
            torch.where(take.view(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip(trial, moved, strict=True)
        ]
        kept //= 2
    return moved, best


def feedback(
    net: nn.Module, images: Tensor, labels: Tensor, iterations: int = 10
) -> Tensor:
    """Give the largest absolute gradient over R, G, B of the gated network.

    Args:
        net (nn.Module): Gives class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.
        iterations (int): See :func:`feedback_gates`. Defaults to 10.

    Returns:
        Tensor: Shape ``(N, K, H, W)``, at least 0.
    """
    maps = []
    for label in labels.unbind(1):
        gates, _ = feedback_gates(net, images, label, iterations)
        with _Gates(gates):
            maps.append(input_gradient(net, images, label[:, None]))
    return torch.cat(maps, 1).abs().amax(2)
