"""Activation checkpointing that does not change BatchNorm's statistics."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def maybe_checkpoint(module: nn.Module, x: Tensor, with_cp: bool) -> Tensor:
    """Call a module without keeping its inner activations for the backward.

    The backward pass computes them again, which saves memory and costs time.
    Random numbers (dropout) and autocasting are the same again. With the
    ``with_cp`` of other backbones and MMEngine's ``activation_checkpointing``
    the second pass changes BatchNorm's running statistics once more; here it
    does not. The input need not require a gradient either.

    Args:
        module (nn.Module): The module to call.
        x (Tensor): Its only argument.
        with_cp (bool): If False, or if gradients are off, the module is just
            called.

    Returns:
        Tensor: ``module(x)``.
    """
    if not (with_cp and torch.is_grad_enabled()):
        return module(x)
    return checkpoint(
        module,
        x,
        use_reentrant=False,
        context_fn=lambda: (nullcontext(), on_copies_of_buffers(module)),
    )


@contextmanager
def on_copies_of_buffers(module: nn.Module) -> Iterator[None]:
    """Let a module change nothing but copies of its buffers.

    Args:
        module (nn.Module): At the end it has its own buffers again.
    """
    own = [
        (child, name, buffer)
        for child in module.modules()
        for name, buffer in child.named_buffers(recurse=False)
    ]
    for child, name, buffer in own:
        setattr(child, name, buffer.clone())
    try:
        yield
    finally:
        for child, name, buffer in own:
            setattr(child, name, buffer)
