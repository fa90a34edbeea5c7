"""Heads: class scores, class maps, losses."""

from .cam_head import CAMHead
from .spg_head import SPGHead

__all__ = ['CAMHead', 'SPGHead']
