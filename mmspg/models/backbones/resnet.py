"""ResNet that gives the maps of any of its layers."""

from functools import partial

import torch
from mmpretrain.models import ResNet

from mmspg.registry import MODELS

from ..attributions.steering import Replaced
from .own_weights import take_only_own_weights
from .taps import Taps


@MODELS.register_module()
class TappedResNet(Taps, ResNet):
    """mmpretrain's ResNet with :class:`Taps`, such as ``layer3.0``.

    It can also be built on the meta device, where mmpretrain's ResNet fails,
    since it reads its drop path rates from a tensor.
    """

    def __init__(self, *args, **kwargs):
        with Replaced(linspace=partial(torch.linspace, device='cpu')):
            super().__init__(*args, **kwargs)
        take_only_own_weights(self)
