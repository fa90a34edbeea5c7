"""Take the feature maps of any layers of a backbone."""

from collections.abc import Sequence

from torch import Tensor, nn

from ..attributions.steering import find_module


class Taps(nn.Module):
    """A mixin that lets a backbone give the outputs of named layers.

    SPG needs two maps inside a stage, while mmpretrain's ``out_indices`` give
    only the ends of stages. List this class before the backbone in the bases.
    The backbone's own outputs are replaced.

    Args:
        taps (Sequence[str]): Names of the layers for B1, for B2 and for the
            classifier, in this order. Empty: the backbone's own outputs.
        **kwargs: Settings of the backbone.

    Raises:
        ValueError: There is no such layer; the message lists all layers.

    Examples:
        >>> from mmpretrain.models import MobileNetV2
        >>> class TappedMobileNet(Taps, MobileNetV2):
        ...     pass
        >>> net = TappedMobileNet(taps=('layer5', 'layer6', 'conv2'))
    """

    def __init__(self, *args, taps: Sequence[str] = (), **kwargs):
        super().__init__(*args, **kwargs)
        for name in taps:
            find_module(self, name)
        self.taps = tuple(taps)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Give the outputs of the taps, each ``(N, D_i, h_i, w_i)``."""
        if not self.taps:
            return super().forward(x)
        outs = {}

        def keep(name):
            def hook(module, inputs, output):
                outs[name] = output

            return hook

        handles = [
            find_module(self, name).register_forward_hook(keep(name))
            for name in self.taps
        ]
        try:
            super().forward(x)
        finally:
            for handle in handles:
                handle.remove()
        return tuple(outs[name] for name in self.taps)
