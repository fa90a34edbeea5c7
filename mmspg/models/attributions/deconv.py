"""Deconv: the signal that a deconvnet gives (Zeiler & Fergus, 2014)."""

import torch
from torch import Tensor, nn

from .backprop import backprop
from .steering import Replaced


class _DeconvReLU(torch.autograd.Function):
    """A ReLU that applies a ReLU to the signal in the backward pass."""

    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        return grad.clamp(min=0)


def _relu(x: Tensor, inplace: bool = False) -> Tensor:
    return _DeconvReLU.apply(x)


def deconv(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Apply :func:`backprop` with ReLUs that pass positive signals back.

    The forward pass does not decide where such a ReLU is closed.

    Args:
        net (nn.Module): Gives class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.

    Returns:
        Tensor: Shape ``(N, K, H, W)``, at least 0.
    """
    with Replaced(relu=_relu, relu_=_relu):
        return backprop(net, images, labels)
