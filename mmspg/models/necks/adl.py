"""ADL, the attention-based dropout layer (Choe & Shim, CVPR 2019)."""

import torch
from torch import Tensor, nn

from mmspg.registry import MODELS


@MODELS.register_module()
class ADL(nn.Module):
    """Hide the most attended region, or stress it, in training only.

    The attention is the mean over the channels. A random draw for each batch
    decides what the features are multiplied by: a mask that is 0 where the
    attention reaches ``drop_threshold`` of the image's maximum, or the
    attention's sigmoid.

    Args:
        drop_rate (float): Probability of the mask. Defaults to 0.75.
        drop_threshold (float): Share of the maximum. Defaults to 0.9, the
            benchmark's value.

    Raises:
        ValueError: An argument is not in [0, 1].

    Examples:
        >>> features = torch.rand(2, 8, 4, 4)
        >>> torch.equal(ADL().eval()(features), features)
        True
    """

    def __init__(self, drop_rate: float = 0.75, drop_threshold: float = 0.9):
        super().__init__()
        for name, value in (
            ('drop_rate', drop_rate),
            ('drop_threshold', drop_threshold),
        ):
            if not 0 <= value <= 1:
                raise ValueError(
                    f'ADL: {name} must be from 0 to 1, but is {value}.'
                )
        self.drop_rate = drop_rate
        self.drop_threshold = drop_threshold

    def forward(self, features: Tensor) -> Tensor:
        """Weigh the features.

        Args:
            features (Tensor): Shape ``(N, D, h, w)``.

        Returns:
            Tensor: The same shape.
        """
        if not self.training:
            return features
        attention = features.mean(dim=1, keepdim=True)
        peak = attention.amax(dim=(2, 3), keepdim=True)
        mask = (attention < peak * self.drop_threshold).to(attention)
        drop = torch.rand((), device=features.device) < self.drop_rate
        return features * torch.where(drop, mask, attention.sigmoid())

    def extra_repr(self) -> str:
        """Give the settings for ``repr``."""
        return (
            f'drop_rate={self.drop_rate}, drop_threshold={self.drop_threshold}'
        )
