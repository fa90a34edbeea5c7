"""BagCAMs: a bag of regional localizers (Zhu et al., ECCV 2022)."""

import torch
from torch import Tensor, nn

from .steering import layer_and_gradients


def bagcams(
    net: nn.Module, images: Tensor, labels: Tensor, layer: str
) -> Tensor:
    """Sum gradient times feature over the channels, weighted by all cells.

    The gradient at each cell acts as a separate localizer, and their votes
    weigh the channels. As in the authors' release, the map is
    ``M = sum_d max(0, mean(1 + G_d F_d) G_d F_d)``, where the mean is over
    the cells.

    Args:
        net (nn.Module): Maps images to class scores before the softmax.
        images (Tensor): Shape ``(N, 3, H, W)``.
        labels (Tensor): Shape ``(N, K)``, int64.
        layer (str): A layer that gives maps, best after a ReLU.

    Returns:
        Tensor: Shape ``(N, K, h, w)``, at least 0.

    Raises:
        ValueError: The layer does not exist, or does not give maps.
    """
    features, gradients = layer_and_gradients(net, images, labels, layer)
    maps = []
    for gradient in gradients:
        votes = gradient * features
        weight = (1 + votes).mean(dim=(2, 3), keepdim=True)
        maps.append((weight * votes).clamp(min=0).sum(1))
    return torch.stack(maps, 1)
