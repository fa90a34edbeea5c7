"""GoogLeNet cut after inception4e."""

from torch import Tensor, nn
from torchvision.models.googlenet import BasicConv2d, Inception

from mmspg.registry import MODELS

from .frozen_backbone import FrozenBackbone
from .own_weights import take_only_own_weights


@MODELS.register_module()
class TruncatedGoogLeNet(FrozenBackbone):
    """GoogLeNet up to inception4e, with torchvision's tensor names.

    As in torchvision, convolutions have BatchNorm, while the original of 2014
    has LRN layers, and the branch of 5 x 5 convolutions has 3 x 3 ones.
    torchvision's weights expect inputs in [-1, 1]. The layers after
    inception4e and the auxiliary classifiers are left out.

    Args:
        large_feature_map (bool): Give the third pool stride 1, for maps of
            28 x 28 from inputs of 224 x 224. If False, the maps are 14 x 14.
            Defaults to False.
        frozen_stages (int): Stages whose parameters and batch statistics are
            frozen: 0 is the stem, 1 adds inception3, 2 adds inception4, and
            -1 is none. Defaults to -1.
        norm_eval (bool): Keep the batch statistics of all BatchNorm layers
            as they are. Defaults to False.
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=
            'torchvision://googlenet')`` or a file.

    Examples:
        >>> import torch
        >>> net = TruncatedGoogLeNet()
        >>> [tuple(x.shape) for x in net(torch.zeros(1, 3, 224, 224))]
        [(1, 512, 14, 14), (1, 528, 14, 14), (1, 832, 14, 14)]
    """

    out_channels = (512, 528, 832)
    stages = (
        ('conv1', 'conv2', 'conv3'),
        ('inception3a', 'inception3b'),
        tuple(f'inception4{letter}' for letter in 'abcde'),
    )

    def __init__(
        self,
        large_feature_map: bool = False,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg)
        # The numbers are map sides for an input of 224; conv1 gives 112.
        self.conv1 = BasicConv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)  # 56
        self.conv2 = BasicConv2d(64, 64, kernel_size=1)
        self.conv3 = BasicConv2d(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)  # 28
        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)  # 256
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)  # 480
        self.maxpool3 = (
            nn.MaxPool2d(3, 1, padding=1)  # 28
            if large_feature_map
            else nn.MaxPool2d(3, 2, ceil_mode=True)  # 14
        )
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)  # 512
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)  # 512
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)  # 512
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)  # 528
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)  # 832
        take_only_own_weights(self)
        self.freeze(frozen_stages, norm_eval)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the three feature maps that SPG needs.

        Args:
            x (Tensor): Images, ``(N, 3, H, W)``.

        Returns:
            tuple[Tensor]: inception4c ``(N, 512, h, w)``, inception4d
            ``(N, 528, h, w)`` and inception4e ``(N, 832, h, w)``.
        """
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        b1 = self.inception4c(self.inception4b(self.inception4a(x)))
        b2 = self.inception4d(b1)
        return b1, b2, self.inception4e(b2)
