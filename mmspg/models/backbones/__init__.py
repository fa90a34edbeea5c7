"""Backbones that mmpretrain lacks."""

from .inception_v3 import TruncatedInceptionV3
from .tiny_trunk import TinyTrunk

__all__ = ['TinyTrunk', 'TruncatedInceptionV3']
