"""AlexNet that keeps its resolution after the fifth convolution."""

from mmpretrain.models import AlexNet
from torch import nn

from mmspg.registry import MODELS

from .frozen_backbone import FrozenBackbone
from .own_weights import take_only_own_weights


@MODELS.register_module()
class SpatialAlexNet(FrozenBackbone, AlexNet):
    """mmpretrain's AlexNet with its last pool at stride 1, no classifier.

    mmpretrain has torchvision's variant, with torchvision's tensor names. Its
    first layer has 64 filters, and there is no normalisation; Caffe's AlexNet
    has 96 filters, groups and LRN. The first convolution pads, so an input of
    224 gives the sides that Caffe's has at 227: 55, 27, 13 and here 13.

    Args:
        frozen_stages (int): Convolutions whose parameters are frozen: 0 is
            the first, 4 is all five, and -1 is none. Defaults to -1.
        norm_eval (bool): As of other backbones; this one has no BatchNorm.
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=
            'torchvision://alexnet')`` or a file.
    """

    # Where in `features` the convolutions are.
    stages = tuple((f'features.{i}',) for i in (0, 3, 6, 8, 10))

    def __init__(
        self,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        init_cfg: dict | None = None,
    ):
        super().__init__()
        self.init_cfg = init_cfg
        self.features[12] = nn.MaxPool2d(3, stride=1, padding=1)
        take_only_own_weights(self)
        self.freeze(frozen_stages, norm_eval)
