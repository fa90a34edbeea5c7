"""Train in mixed precision without a loss scale, where it is faster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmspg.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Autocast the forward pass to bfloat16 on devices where it is faster.

    bfloat16 has float32's range, so gradients neither overflow nor vanish,
    and no loss scale is needed. Weights, gradients and optimizer stay in
    float32, and so do SPG's masks and guidance losses. The same config trains
    on every machine: if bfloat16 is not faster (on a CPU, or a GPU before
    NVIDIA's Ampere), this is MMEngine's ``OptimWrapper``. MMEngine's
    ``AmpOptimWrapper`` is there for float16; it refuses a CPU.

    Args:
        devices (Sequence[str]): Types of devices to autocast on. Defaults to
            ('cuda',).
        **kwargs: Settings of :class:`mmengine.optim.OptimWrapper`.
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
