from .class_num_hook import HeadClassNumHook
from .epoch_seed_hook import EpochSeedHook

__all__ = ['HeadClassNumHook', 'EpochSeedHook']
