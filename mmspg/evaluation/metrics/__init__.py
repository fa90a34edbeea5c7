"""Metrics of weakly supervised localization."""

from .class_predictions import ClassPredictions
from .dump_score_maps import DumpScoreMaps
from .localization_metric import LocalizationMetric
from .max_box_acc import MaxBoxAcc
from .pxap_metric import PxAP
from .stored_threshold import (
    store_choice,
    store_in_checkpoint,
    stored_choice,
    threshold_file,
    use_stored_choice,
)

__all__ = [
    'ClassPredictions',
    'DumpScoreMaps',
    'LocalizationMetric',
    'MaxBoxAcc',
    'PxAP',
    'store_choice',
    'store_in_checkpoint',
    'stored_choice',
    'threshold_file',
    'use_stored_choice',
]
