"""Test-time augmentation."""

from .ten_crop import TenCropTTA

__all__ = ['TenCropTTA']
