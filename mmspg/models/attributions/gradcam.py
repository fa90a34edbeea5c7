"""Grad-CAM (Selvaraju et al., ICCV 2017)."""

import torch
from torch import Tensor, nn

from .steering import layer_and_gradients


def gradcam(
    net: nn.Module, images: Tensor, labels: Tensor, layer: str
) -> Tensor:
    """Sum of the layer's channels, each by its mean gradient; above 0.

    Args:
        net (nn.Module): Images to class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.
        layer (str): A layer that gives maps, best after a ReLU.

    Returns:
        Tensor: Shape ``(N, K, h, w)``, at least 0.

    Raises:
        ValueError: No such layer, or one that gives no maps.
    """
    features, gradients = layer_and_gradients(net, images, labels, layer)
    maps = [
        (gradient.mean(dim=(2, 3), keepdim=True) * features).sum(1)
        for gradient in gradients
    ]
    return torch.stack(maps, 1).clamp(min=0)
