"""Compile what of a network needs no Python."""

from torch import nn

__all__ = ['compile_parts']


def compile_parts(model: nn.Module, settings: dict) -> None:
    """Apply ``torch.compile`` to the backbone and the parts of the neck.

    The names of the tensors stay as they are.

    Args:
        model (nn.Module): A classifier of backbone, neck and head. Changed
            in place.
        settings (dict): As of ``torch.compile``.
    """
    neck = getattr(model, 'neck', None)
    for part in (model.backbone, *(neck.children() if neck else ())):
        part.compile(**settings)
