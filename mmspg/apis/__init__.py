"""mmspg inside other programs."""

from .localization_inferencer import LocalizationInferencer

__all__ = ['LocalizationInferencer']
