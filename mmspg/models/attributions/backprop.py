"""Backprop: the gradient of a class score (Simonyan et al., 2014)."""

import torch
from torch import Tensor, nn

from .steering import frozen


def input_gradient(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Compute the gradients of class scores with respect to the images.

    Args:
        net (nn.Module): Gives class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.

    Returns:
        Tensor: Shape ``(N, K, 3, H, W)``.
    """
    images = images.detach().clone().requires_grad_()
    with torch.enable_grad(), frozen(net):
        scores = net(images).gather(1, labels).sum(0)
        grads = [
            torch.autograd.grad(score, images, retain_graph=True)[0]
            for score in scores
        ]
    return torch.stack(grads, 1)


def backprop(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Give the largest absolute gradient over R, G and B: ``max |ds / dx|``.

    Args:
        net (nn.Module): Gives class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.

    Returns:
        Tensor: Shape ``(N, K, H, W)``, at least 0.

    Examples:
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(12, 5))
        >>> images = torch.rand(1, 3, 2, 2)
        >>> backprop(net, images, torch.tensor([[0, 4]])).shape
        torch.Size([1, 2, 2, 2])
    """
    return input_gradient(net, images, labels).abs().amax(2)
