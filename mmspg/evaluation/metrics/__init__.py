"""Metrics of weakly supervised localization."""

from .class_predictions import ClassPredictions
from .detection_metric import DetectionMetric
from .dump_score_maps import DumpScoreMaps
from .localization_metric import LocalizationMetric
from .map_quality import MapQuality
from .max_box_acc import MaxBoxAcc
from .pxap_metric import PxAP

__all__ = [
    'ClassPredictions',
    'DetectionMetric',
    'DumpScoreMaps',
    'LocalizationMetric',
    'MapQuality',
    'MaxBoxAcc',
    'PxAP',
]
