"""Where a trained classifier looks: methods that need no training.

Each is a function ``(net, images, labels, **options) -> score maps``: ``net``
any module that gives class scores ``(N, C)`` of images ``(N, 3, H, W)``, best
in evaluation mode; ``labels`` ``(N, K)`` int64; the maps ``(N, K, h, w)``, not
negative. They read and steer the net from outside, so no net is written for
them.
"""

from collections.abc import Callable

from torch import Tensor

from .backprop import backprop
from .deconv import deconv
from .excitation import excitation
from .feedback import feedback, feedback_gates

ATTRIBUTIONS: dict[str, Callable[..., Tensor]] = dict(
    backprop=backprop, deconv=deconv, excitation=excitation, feedback=feedback
)

__all__ = [
    'ATTRIBUTIONS',
    'backprop',
    'deconv',
    'excitation',
    'feedback',
    'feedback_gates',
]
