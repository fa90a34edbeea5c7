"""Activation checkpointing that leaves BatchNorm's statistics alone."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def maybe_checkpoint(module: nn.Module, x: Tensor, with_cp: bool) -> Tensor:
    """Call a module, and keep none of what is inside of it for the backward.

    The backward pass computes it again: memory for time. Random numbers
    (dropout) and autocasting are as they were. A second pass would move
    BatchNorm's running statistics a second time, which the ``with_cp`` of
    other backbones and MMEngine's ``activation_checkpointing`` do; here it
    does not. Nor has the input to require a gradient, as theirs has.

    Args:
        module (nn.Module): What to call.
        x (Tensor): Its only argument.
        with_cp (bool): False, or where no gradient is wanted: just call it.

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
        module (nn.Module): Has its own again at the end.
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
