from .atomic_checkpoint_hook import AtomicCheckpointHook
from .box_choice_hook import BoxChoiceHook
from .class_num_hook import HeadClassNumHook
from .compile_hook import CompileHook
from .deferred_info_hook import DeferredInfoHook
from .epoch_seed_hook import EpochSeedHook
from .fold_batch_norm_hook import FoldBatchNormHook
from .guidance_visualization_hook import GuidanceVisualizationHook
from .localization_visualization_hook import LocalizationVisualizationHook
from .loss_check_hook import LossCheckHook
from .map_choice_hook import MapChoiceHook
from .progress_hook import ProgressHook
from .tf32_hook import TF32Hook

__all__ = [
    'AtomicCheckpointHook',
    'BoxChoiceHook',
    'CompileHook',
    'DeferredInfoHook',
    'EpochSeedHook',
    'FoldBatchNormHook',
    'GuidanceVisualizationHook',
    'HeadClassNumHook',
    'LocalizationVisualizationHook',
    'LossCheckHook',
    'MapChoiceHook',
    'ProgressHook',
    'TF32Hook',
]
