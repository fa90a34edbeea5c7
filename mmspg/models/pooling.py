"""Pooling of feature maps to class scores, other than the mean."""

import torch
from torch import Tensor


def thresholded_average(features: Tensor, threshold: float) -> Tensor:
    """Average the cells of each channel that exceed a share of its maximum.

    This is thresholded average pooling (TAP, Bae et al., ECCV 2020). A small
    object gets the same score as a large one, so the network gains nothing by
    responding to only one part of it.

    Args:
        features (Tensor): Shape ``(N, D, h, w)``, at least 0.
        threshold (float): The share, in [0, 1).

    Returns:
        Tensor: Shape ``(N, D)``; 0 for a channel without positive values.
    """
    above = features > threshold * features.amax(dim=(2, 3), keepdim=True)
    total = torch.where(above, features, 0).sum(dim=(2, 3))
    return total / above.sum(dim=(2, 3)).clamp(min=1)
