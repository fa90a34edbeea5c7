"""Find where a trained classifier looks, with methods that need no training.

Each method is a function ``(net, images, labels, **options) -> score maps``.
``net`` is any module that gives class scores ``(N, C)`` of images
``(N, 3, H, W)``, preferably in evaluation mode. ``labels`` are ``(N, K)``
int64, and the maps are ``(N, K, h, w)``, at least 0. The methods read and
steer the net from outside, so they work with any net.
"""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature

from torch import Tensor, nn

from .backprop import backprop
from .bagcams import bagcams
from .deconv import deconv
from .excitation import excitation
from .feedback import feedback, feedback_gates
from .gradcam import gradcam
from .layercam import layercam
from .steering import find_module

ATTRIBUTIONS: dict[str, Callable[..., Tensor]] = dict(
    backprop=backprop,
    deconv=deconv,
    excitation=excitation,
    feedback=feedback,
    gradcam=gradcam,
    layercam=layercam,
    bagcams=bagcams,
)


def build_attribution(net: nn.Module, options: Mapping) -> Callable:
    """Give the function ``(net, images, labels) -> maps`` of a config.

    Args:
        net (nn.Module): The network that has the layer.
        options (Mapping): ``name``, one of `ATTRIBUTIONS`, and options of
            that function, such as ``layer``.

    Raises:
        ValueError: The attribution or an option is unknown, or the layer is
            missing or does not exist. The message lists what there is.
    """
    options = dict(options)
    name = options.pop('name', None)
    if name not in ATTRIBUTIONS:
        raise ValueError(
            f'attribution {name!r} is unknown; valid names are '
            f'{sorted(ATTRIBUTIONS)}.'
        )
    function = ATTRIBUTIONS[name]
    _, _, _, *known = signature(function).parameters
    for option in options:
        if option not in known:
            takes = f'takes only {", ".join(known)}' if known else 'takes none'
            raise ValueError(f'{name} has no option {option!r}: it {takes}.')
    if 'layer' in known:
        if not options.get('layer'):
            layers = ', '.join(filter(None, dict(net.named_modules())))
            raise ValueError(
                f'{name} needs a layer: layer=... in a config, {name}:LAYER '
                f'in a command. {type(net).__name__} has {layers}.'
            )
        find_module(net, options['layer'])
    return partial(function, **options)


__all__ = [
    'ATTRIBUTIONS',
    'backprop',
    'bagcams',
    'build_attribution',
    'deconv',
    'excitation',
    'feedback',
    'feedback_gates',
    'gradcam',
    'layercam',
]
