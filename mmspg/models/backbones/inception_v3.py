"""Inception-v3 cut after Mixed_6e; its maps have an eighth of the side."""

from mmpretrain.models.backbones.inception_v3 import (
    BasicConv2d,
    InceptionA,
    InceptionB,
    InceptionC,
)
from torch import Tensor, nn

from mmspg.registry import MODELS

from ..checkpointing import maybe_checkpoint
from .frozen_backbone import FrozenBackbone
from .own_weights import take_only_own_weights


class InceptionBStride1(InceptionB):
    """Mixed_6a that keeps the resolution: stride 1 and padding 1."""

    def __init__(self, in_channels: int):
        super().__init__(in_channels)
        self.branch3x3 = BasicConv2d(
            in_channels, 384, kernel_size=3, padding=1
        )
        self.branch3x3dbl_3 = BasicConv2d(96, 96, kernel_size=3, padding=1)
        self.branch_pool = nn.MaxPool2d(3, stride=1, padding=1)


@MODELS.register_module()
class TruncatedInceptionV3(FrozenBackbone):
    """Inception-v3 up to Mixed_6e (section 3.3), identical in both codes.

    Its tensors have torchvision's names, so the weights of ``inception_v3``
    load. The layers after Mixed_6e, AuxLogits and fc are left out. These
    weights expect inputs in [-1, 1], but the paper's authors and the
    benchmark normalise with ImageNet's mean and standard deviation.

    Args:
        large_feature_map (bool): Give maps of 28 x 28 for inputs of
            224 x 224. If False, a max pool after Mixed_5d halves them (the
            benchmark's other mode). Defaults to True.
        frozen_stages (int): Stages whose parameters and batch statistics are
            frozen: 0 is the stem, 1 adds Mixed_5, 2 adds Mixed_6, and -1 is
            none. Defaults to -1.
        norm_eval (bool): Keep the batch statistics of all BatchNorm layers
            as they are. Defaults to False.
        with_cp (bool): Keep only the inputs of the blocks for the backward
            pass, which computes the rest again: see
            :func:`~mmspg.models.checkpointing.maybe_checkpoint`.
            Defaults to False.
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=
            'torchvision://inception_v3_google')`` or a file.

    Examples:
        >>> import torch
        >>> from mmspg.models import TruncatedInceptionV3
        >>> net = TruncatedInceptionV3().eval()
        >>> [tuple(x.shape) for x in net(torch.zeros(1, 3, 224, 224))]
        [(1, 288, 28, 28), (1, 768, 28, 28), (1, 768, 28, 28)]
    """

    out_channels = (288, 768, 768)
    stages = (
        (
            'Conv2d_1a_3x3',
            'Conv2d_2a_3x3',
            'Conv2d_2b_3x3',
            'maxpool1',
            'Conv2d_3b_1x1',
            'Conv2d_4a_3x3',
            'maxpool2',
        ),
        ('Mixed_5b', 'Mixed_5c', 'Mixed_5d'),
        ('Mixed_6a', 'Mixed_6b', 'Mixed_6c', 'Mixed_6d', 'Mixed_6e'),
    )

    def __init__(
        self,
        large_feature_map: bool = True,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg)
        self.large_feature_map = large_feature_map
        self.with_cp = with_cp

        def pool():
            return nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)

        # The numbers are map sides for an input of 224.
        halve = dict(stride=2, padding=1)
        self.Conv2d_1a_3x3 = BasicConv2d(3, 32, kernel_size=3, **halve)  # 112
        self.Conv2d_2a_3x3 = BasicConv2d(32, 32, kernel_size=3)  # 110
        self.Conv2d_2b_3x3 = BasicConv2d(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = pool()  # 56
        self.Conv2d_3b_1x1 = BasicConv2d(64, 80, kernel_size=1)  # 56
        self.Conv2d_4a_3x3 = BasicConv2d(80, 192, kernel_size=3)  # 54
        self.maxpool2 = pool()  # 28
        self.Mixed_5b = InceptionA(192, pool_features=32)  # 256
        self.Mixed_5c = InceptionA(256, pool_features=64)  # 288
        self.Mixed_5d = InceptionA(288, pool_features=64)  # 288, B1
        self.reduce = (
            nn.Identity()  # 28
            if large_feature_map
            else nn.MaxPool2d(3, stride=2, ceil_mode=True)  # 14
        )
        self.Mixed_6a = InceptionBStride1(288)  # 768
        self.Mixed_6b = InceptionC(768, channels_7x7=128)
        self.Mixed_6c = InceptionC(768, channels_7x7=160)
        self.Mixed_6d = InceptionC(768, channels_7x7=160)  # 768, B2
        self.Mixed_6e = InceptionC(768, channels_7x7=192)  # 768, A
        take_only_own_weights(self)
        self.freeze(frozen_stages, norm_eval)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the features for B1, B2 and A.

        Args:
            x (Tensor): Images, ``(N, 3, H, W)``.

        Returns:
            tuple[Tensor]: Mixed_5d ``(N, 288, h, w)``, Mixed_6d and Mixed_6e
            ``(N, 768, h, w)``; h is about H / 8 (28 for 224).
        """
        half = self.stages[0].index('maxpool1') + 1
        for names in (self.stages[0][:half], self.stages[0][half:]):
            x = self._run(x, *names)
        for name in self.stages[1]:
            x = self._run(x, name)
        x = b1 = self.reduce(x)
        for name in self.stages[2]:
            b2, x = x, self._run(x, name)
        return b1, b2, x

    def _run(self, x: Tensor, *names: str) -> Tensor:
        layers = [getattr(self, name) for name in names]
        if self.with_cp:
            return maybe_checkpoint(nn.Sequential(*layers), x, True)
        for layer in layers:
            x = layer(x)
        return x
