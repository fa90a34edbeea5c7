"""Classifiers that wrap, steer or average others."""

from .attribution_classifier import AttributionClassifier
from .batch_augment_classifier import BatchAugmentClassifier
from .ensemble import EnsembleClassifier
from .fitted_classifier import FittedClassifier
from .plugin_classifier import PluginClassifier
from .views_classifier import ViewsClassifier

__all__ = [
    'AttributionClassifier',
    'BatchAugmentClassifier',
    'EnsembleClassifier',
    'FittedClassifier',
    'PluginClassifier',
    'ViewsClassifier',
]
