"""BatchNorm as part of the convolution before it."""

from mmcv.cnn import fuse_conv_bn
from torch import nn


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """Fold every BatchNorm that directly follows a convolution; in place.

    In evaluation a BatchNorm multiplies and adds by channel, which the
    convolution's weights can do. The outputs differ by float32 rounding.

    Args:
        model (nn.Module): In evaluation mode; it cannot be trained, nor
            saved for another model, after this.

    Returns:
        nn.Module: The same.

    Raises:
        ValueError: The model is in training mode.
    """
    if model.training:
        raise ValueError(
            'BatchNorm can be folded in evaluation only, where it is the '
            'same for every batch: call model.eval() first'
        )
    return fuse_conv_bn(model)
