"""Find where a trained classifier looks, with methods that need no training.

Each method is a function ``(net, images, labels, **options) -> score maps``.
``net`` is any module that gives class scores ``(N, C)`` of images
``(N, 3, H, W)``, preferably in evaluation mode. ``labels`` are ``(N, K)``
int64, and the maps are ``(N, K, h, w)``, at least 0. The methods read and
steer the net from outside, so they work with any net.
"""

from collections.abc import Callable

from torch import Tensor

from .backprop import backprop
from .bagcams import bagcams
from .deconv import deconv
from .excitation import excitation
from .feedback import feedback, feedback_gates
from .gradcam import gradcam
from .layercam import layercam

ATTRIBUTIONS: dict[str, Callable[..., Tensor]] = dict(
    backprop=backprop,
    deconv=deconv,
    excitation=excitation,
    feedback=feedback,
    gradcam=gradcam,
    layercam=layercam,
    bagcams=bagcams,
)

__all__ = [
    'ATTRIBUTIONS',
    'backprop',
    'bagcams',
    'deconv',
    'excitation',
    'feedback',
    'feedback_gates',
    'gradcam',
    'layercam',
]
