"""Metrics of weakly supervised localization."""

from .class_predictions import ClassPredictions
from .localization_metric import LocalizationMetric
from .max_box_acc import MaxBoxAcc
from .pxap_metric import PxAP

__all__ = ['ClassPredictions', 'LocalizationMetric', 'MaxBoxAcc', 'PxAP']
