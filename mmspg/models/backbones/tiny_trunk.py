"""A small trunk with SPG's three feature maps, for tests and first steps."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmspg.registry import MODELS

from .own_weights import take_only_own_weights


@MODELS.register_module()
class TinyTrunk(BaseModule):
    """Five 3x3 convolutions with BatchNorm, with maps of a quarter the side.

    It trains from scratch in minutes on a CPU. The last three convolutions
    give the features for B1, B2 and A, like Mixed_5d, 6d and 6e.

    Args:
        channels (Sequence[int]): Output channels of the five convolutions.
        init_cfg (dict, optional): Defaults to Kaiming.
    """

    def __init__(
        self,
        channels: Sequence[int] = (16, 32, 48, 64, 64),
        init_cfg: dict | None = None,
    ):
        super().__init__(
            init_cfg
            or [
                dict(type='Kaiming', layer='Conv2d'),
                dict(type='Constant', val=1, layer='BatchNorm2d'),
            ]
        )
        if len(channels) != 5:
            raise ValueError(
                'TinyTrunk.channels must be five numbers, but '
                f'is {tuple(channels)}.'
            )
        self.out_channels = tuple(channels[2:])
        self.layers = nn.ModuleList()
        width = 3
        for out, stride in zip(channels, (2, 1, 2, 1, 1), strict=True):
            self.layers.append(
                ConvModule(
                    width,
                    out,
                    3,
                    stride=stride,
                    padding=1,
                    norm_cfg=dict(type='BN'),
                )
            )
            width = out
        take_only_own_weights(self)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the features for B1, B2 and A.

        Args:
            x (Tensor): Images, ``(N, 3, H, W)``.

        Returns:
            tuple[Tensor]: Three maps ``(N, D_i, H / 4, W / 4)``.
        """
        outs = []
        for layer in self.layers:
            x = layer(x)
            outs.append(x)
        return tuple(outs[-3:])
