"""LayerCAM (Jiang et al., TIP 2021)."""

import torch
from torch import Tensor, nn

from .steering import layer_and_gradients


def layercam(
    net: nn.Module, images: Tensor, labels: Tensor, layer: str
) -> Tensor:
    """Sum of the layer's channels, each cell by its own positive gradient.

    Early layers give finer maps than the last one.

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
        (gradient.clamp(min=0) * features).sum(1) for gradient in gradients
    ]
    return torch.stack(maps, 1).clamp(min=0)
