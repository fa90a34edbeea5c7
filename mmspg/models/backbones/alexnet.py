"""AlexNet that keeps its resolution after the fifth convolution."""

from mmpretrain.models import AlexNet
from torch import nn

from mmspg.registry import MODELS


@MODELS.register_module()
class SpatialAlexNet(AlexNet):
    """mmpretrain's AlexNet, its last pool at stride 1, without classifier.

    mmpretrain's is torchvision's variant, with torchvision's tensor names:
    64 filters at first and no normalisation, where Caffe's has 96, groups
    and LRN. It pads the first convolution, so that an input of 224 gives
    the sides that Caffe's has at 227: 55, 27, 13 and here 13.

    Args:
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=
            'torchvision://alexnet')`` or a file.
    """

    def __init__(self, init_cfg: dict | None = None):
        super().__init__()
        self.init_cfg = init_cfg
        self.features[12] = nn.MaxPool2d(3, stride=1, padding=1)
