from .atomic_checkpoint_hook import AtomicCheckpointHook
from .class_num_hook import HeadClassNumHook
from .epoch_seed_hook import EpochSeedHook
from .guidance_visualization_hook import GuidanceVisualizationHook
from .localization_visualization_hook import LocalizationVisualizationHook
from .loss_check_hook import LossCheckHook

__all__ = [
    'AtomicCheckpointHook',
    'EpochSeedHook',
    'GuidanceVisualizationHook',
    'HeadClassNumHook',
    'LocalizationVisualizationHook',
    'LossCheckHook',
]
