"""Backbones that mmpretrain lacks, or that give other maps there."""

from .alexnet import SpatialAlexNet
from .any_trunk import AnyTrunk
from .googlenet import TruncatedGoogLeNet
from .inception_v3 import TruncatedInceptionV3
from .resnet import TappedResNet
from .taps import Taps
from .tiny_trunk import TinyTrunk
from .vgg import SpatialVGG

__all__ = [
    'AnyTrunk',
    'SpatialAlexNet',
    'SpatialVGG',
    'TappedResNet',
    'Taps',
    'TinyTrunk',
    'TruncatedGoogLeNet',
    'TruncatedInceptionV3',
]
