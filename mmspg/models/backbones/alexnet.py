"""AlexNet that keeps its resolution after the fifth convolution."""

from mmpretrain.models import AlexNet
from torch import nn

from mmspg.registry import MODELS


@MODELS.register_module()
class SpatialAlexNet(AlexNet):
    """mmpretrain's AlexNet with its last pool at stride 1, no classifier.

    mmpretrain has torchvision's variant, with torchvision's tensor names. Its
    first layer has 64 filters, and there is no normalisation; Caffe's AlexNet
    has 96 filters, groups and LRN. The first convolution pads, so an input of
    224 gives the sides that Caffe's has at 227: 55, 27, 13 and here 13.

    Args:
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=
            'torchvision://alexnet')`` or a file.
    """

    def __init__(self, init_cfg: dict | None = None):
        super().__init__()
        self.init_cfg = init_cfg
        self.features[12] = nn.MaxPool2d(3, stride=1, padding=1)
