"""Metrics of weakly supervised localization."""

from .localization_metric import LocalizationMetric

__all__ = ['LocalizationMetric']
