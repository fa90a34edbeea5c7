"""Necks: what lies between a backbone and the classifier."""

from .spg_neck import SPGFeatures, SPGNeck

__all__ = ['SPGFeatures', 'SPGNeck']
