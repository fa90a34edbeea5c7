"""Take the feature maps of any layers of a backbone, and choose them."""

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


def choose_taps(strides: Sequence[int]) -> tuple[int, int, int]:
    """Choose which of a network's maps go to B1, B2 and A.

    A gets the last map. B2 gets the last map before it with a stride of 16 or
    less, and B1 the last map before that with a stride of 8 or less. If all
    maps have the same stride, the maps at half, three quarters and all of the
    depth are taken.

    Args:
        strides (Sequence[int]): The stride of each map, in the network's
            order.

    Returns:
        tuple[int, int, int]: Their indices.

    Raises:
        ValueError: There are fewer than three maps.

    Examples:
        >>> choose_taps([2, 4, 8, 16, 16])
        (2, 3, 4)
        >>> choose_taps([16] * 12)
        (5, 8, 11)
    """
    last = len(strides) - 1
    if last < 2:
        raise ValueError(
            'AnyTrunk needs three maps, for B1, B2 and A, but the trunk '
            f'gives {last + 1} (with strides {list(strides)}). Let it give '
            'more with `out_indices` or a similar argument in '
            '`model.backbone.trunk`.'
        )
    if len(set(strides)) == 1:
        return (last - 1) // 2, (3 * last - 1) // 4, last
    b2 = max((i for i in range(1, last) if strides[i] <= 16), default=last - 1)
    b1 = max((i for i in range(b2) if strides[i] <= 8), default=b2 - 1)
    return b1, b2, last


def checked_taps(
    taps: Sequence[int] | None, strides: Sequence[int]
) -> tuple[int, ...]:
    """Choose taps, or refuse those that `AnyTrunk` would sort or lacks.

    Args:
        taps (Sequence[int], optional): Indices; negative ones count from the
            end. None: `choose_taps`.
        strides (Sequence[int]): The stride of each map.

    Raises:
        ValueError: They are not three, or not each deeper than the one
            before.
    """
    if not taps:
        return choose_taps(strides)
    number = len(strides)
    places = [i + number * (i < 0) for i in taps]
    in_order = sorted({*places} & {*range(number)})
    if len(places) != 3 or in_order != places:
        raise ValueError(
            'AnyTrunk: taps must be three of the indices 0 to '
            f'{number - 1}, for B1, B2 and A, and each deeper than the one '
            f'before, but are {tuple(taps)}.'
        )
    return tuple(places)
