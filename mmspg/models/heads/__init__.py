"""Heads, which give class scores, class maps and losses."""

from .acol_head import ACoLHead
from .cam_head import CAMHead
from .psol_head import PSOLHead
from .spg_head import SPGHead

__all__ = ['ACoLHead', 'CAMHead', 'PSOLHead', 'SPGHead']
