from .class_num_hook import HeadClassNumHook
from .epoch_seed_hook import EpochSeedHook
from .localization_visualization_hook import LocalizationVisualizationHook
from .loss_check_hook import LossCheckHook

__all__ = [
    'EpochSeedHook',
    'HeadClassNumHook',
    'LocalizationVisualizationHook',
    'LossCheckHook',
]
