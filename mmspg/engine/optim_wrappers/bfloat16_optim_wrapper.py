"""Mixed precision that needs no loss scale, where it pays."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmspg.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Autocast the forward pass to bfloat16, and train elsewhere as before.

    bfloat16 has float32's range, so that gradients neither overflow nor
    vanish and no loss scale is needed. Weights, gradients and optimizer stay
    in float32, and so do SPG's masks and guidance losses. One config trains
    on every machine: where bfloat16 does not pay (a CPU, a GPU before
    NVIDIA's Ampere) this is MMEngine's ``OptimWrapper``. For float16 there
    is its ``AmpOptimWrapper``, which refuses a CPU.

    Args:
        devices (Sequence[str]): Types of device to autocast on. Defaults to
            ('cuda',).
        **kwargs: Of :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(self, *args, devices: Sequence[str] = ('cuda',), **kwargs):
        super().__init__(*args, **kwargs)
        self.devices = tuple(devices)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, and hold back DDP while gradients are accumulated."""
        device = next(model.parameters()).device
        pays = device.type in self.devices and (
            device.type != 'cuda'
            or torch.cuda.get_device_capability(device)[0] >= 8
        )
        with (
            super().optim_context(model),
            torch.autocast(device.type, torch.bfloat16, enabled=pays),
        ):
            yield
