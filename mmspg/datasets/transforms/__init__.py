from .crop import LocCenterCrop, LocCrop, LocRandomCrop
from .flip import LocRandomFlip
from .geometry import LocTransform
from .hide_and_seek import HideAndSeek
from .loading import LoadLocImage
from .packing import PackLocInputs
from .pipeline_check import check_pipeline
from .resize import LocResize, LocResizeEdge

__all__ = [
    'HideAndSeek',
    'LoadLocImage',
    'LocCenterCrop',
    'LocCrop',
    'LocRandomCrop',
    'LocRandomFlip',
    'LocResize',
    'LocResizeEdge',
    'LocTransform',
    'PackLocInputs',
    'check_pipeline',
]
