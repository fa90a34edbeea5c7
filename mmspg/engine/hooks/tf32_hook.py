"""Set whether float32 products on a GPU may round their factors."""

import torch
from mmengine.hooks import Hook

from mmspg.registry import HOOKS


@HOOKS.register_module()
class TF32Hook(Hook):
    """Let convolutions and matrix products use TensorFloat-32, or forbid it.

    TF32 keeps float32's range and 10 bits of its fraction. NVIDIA's GPUs
    since Ampere multiply it several times as fast. By default PyTorch uses it
    for convolutions but not for matrix products. ``enabled=False`` gives the
    float32 that a comparison bit by bit needs. On other devices the hook
    changes nothing.

    Args:
        enabled (bool): Whether both use it. Defaults to True.
    """

    def __init__(self, enabled: bool = True):
        self.enabled = enabled

    def before_run(self, runner) -> None:
        """Set it for the process before anything runs."""
        torch.set_float32_matmul_precision(
            'high' if self.enabled else 'highest'
        )
        torch.backends.cudnn.allow_tf32 = self.enabled
