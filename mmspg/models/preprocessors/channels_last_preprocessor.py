"""Batches whose channels lie side by side in memory."""

from collections.abc import Sequence

import torch
from mmpretrain.models import ClsDataPreprocessor

from mmspg.registry import MODELS


@MODELS.register_module()
class ChannelsLastPreprocessor(ClsDataPreprocessor):
    """Lay images out as (N, H, W, C), where it pays.

    The shape stays ``(N, C, H, W)``. Every layer gives what it is given, so
    that this one copy sets the layout of all activations; the tensor cores
    of a GPU want it for AMP and TF32. The weights keep theirs, and with them
    checkpoints, resuming, DDP and fused optimizers: the library turns them
    once a convolution, which is little beside a batch of maps. On a CPU the
    layout was slower for Inception-v3, and is left alone; EfficientNet-Lite,
    of depthwise convolutions, trains 8 to 27 % faster by it.

    Args:
        devices (Sequence[str]): Types of device where it is done. Defaults
            to ('cuda',).
        **kwargs: For mmpretrain's ``ClsDataPreprocessor``.
    """

    def __init__(self, *args, devices: Sequence[str] = ('cuda',), **kwargs):
        super().__init__(*args, **kwargs)
        self.devices = tuple(devices)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Preprocess, and lay out ``inputs``."""
        data = super().forward(data, training)
        if data['inputs'].device.type in self.devices:
            data['inputs'] = data['inputs'].contiguous(
                memory_format=torch.channels_last
            )
        return data
