"""Necks, the parts between a backbone and the classifier."""

from .adl import ADL
from .spg_neck import SPGFeatures, SPGNeck

__all__ = ['ADL', 'SPGFeatures', 'SPGNeck']
