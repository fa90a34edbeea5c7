from .bfloat16_optim_wrapper import Bfloat16OptimWrapper
from .merged_groups import MergedGroupsConstructor

__all__ = ['Bfloat16OptimWrapper', 'MergedGroupsConstructor']
