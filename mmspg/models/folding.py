"""Make a network smaller without changing what it computes."""

from mmcv.cnn import fuse_conv_bn
from torch import Tensor, nn

POOLED = ('branch_pool_downsample', 'branch_pool')


class PooledConv(nn.Module):
    """The end of an average pool that has moved behind a 1x1 convolution.

    Both are linear, the pool over the grid and the convolution over the
    channels, so they can change places. The bias must stay behind the pool,
    since the pool pads with zeros.

    Args:
        pool (nn.AvgPool2d): A pool that counts padded pixels.
        bias (Tensor): The bias of the convolution, ``(D,)``.
    """

    def __init__(self, pool: nn.AvgPool2d, bias: Tensor):
        super().__init__()
        self.pool = pool
        self.bias = nn.Parameter(bias.detach().reshape(-1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Pool ``(N, D, h, w)``, add the bias and apply ReLU."""
        return (self.pool(x) + self.bias).relu_()


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """Fold every BatchNorm that directly follows a convolution, in place.

    In evaluation a BatchNorm multiplies each channel and adds to it, which
    the convolution can do. Inception's average pools are moved behind their
    1x1 convolutions, where they have a fourth of the channels to average. The
    outputs differ by float32 rounding.

    Args:
        model (nn.Module): A model in evaluation mode. Afterwards it cannot be
            trained, nor saved for another model.

    Returns:
        nn.Module: The same model.

    Raises:
        ValueError: The model is in training mode.
    """
    if model.training:
        raise ValueError(
            'BatchNorm can be folded only in evaluation mode, where it is '
            'the same for every batch: call model.eval() first'
        )
    # timm's BatchNorm layers hold the activation, which must stay.
    activations = {
        name: layer.act
        for name, layer in model.named_modules()
        if isinstance(layer, nn.BatchNorm2d) and hasattr(layer, 'act')
    }
    model = fuse_conv_bn(model)
    for name, activation in activations.items():
        parent, _, child = name.rpartition('.')
        parent = model.get_submodule(parent)
        if isinstance(getattr(parent, child), nn.Identity):
            setattr(parent, child, activation)
    for block in model.modules():
        pool, branch = (getattr(block, name, None) for name in POOLED)
        conv, bn = (getattr(branch, name, None) for name in ('conv', 'bn'))
        if (
            isinstance(pool, nn.AvgPool2d)
            and pool.count_include_pad
            and conv is not None
            and conv.kernel_size == (1, 1)
            and conv.bias is not None
            and isinstance(bn, nn.Identity)
        ):
            block.branch_pool = PooledConv(pool, conv.bias)
            conv.bias = None
            block.branch_pool_downsample = conv
    return model
