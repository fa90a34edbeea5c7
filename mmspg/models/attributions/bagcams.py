"""BagCAMs: a bag of regional localizers (Zhu et al., ECCV 2022)."""

import torch
from torch import Tensor, nn

from .steering import layer_and_gradients


def bagcams(
    net: nn.Module, images: Tensor, labels: Tensor, layer: str
) -> Tensor:
    """Sum of gradient times channel, each channel by what all cells say.

    The gradient at each cell is a localizer of its own. Their votes weigh
    the channels by ``mean over the cells of 1 + G F``, as in the authors'
    release: ``M = sum_d max(0, mean(1 + G_d F_d) G_d F_d)``.

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
    maps = []
    for gradient in gradients:
        votes = gradient * features
        weight = (1 + votes).mean(dim=(2, 3), keepdim=True)
        maps.append((weight * votes).clamp(min=0).sum(1))
    return torch.stack(maps, 1)
