"""Flip images and move the boxes."""

import numpy as np
from mmcv.transforms import RandomFlip

from mmspg.registry import TRANSFORMS

from .geometry import LocTransform, mirror


@TRANSFORMS.register_module()
class LocRandomFlip(LocTransform, RandomFlip):
    """mmcv's ``RandomFlip`` that moves boxes and homography.

    Args:
        prob (float | list[float]): Probability; 1.0 always flips, 0.0 never.
        direction (str | list[str]): 'horizontal' (default), 'vertical' or
            'diagonal'.
    """

    def __init__(self, prob, direction='horizontal'):
        if isinstance(prob, int):
            prob = float(prob)  # --cfg-options writes 1.0 as 1
        super().__init__(prob, direction)

    def step(self, results: dict) -> np.ndarray:
        """Flip with the given probability, and return the matrix."""
        h, w = results['img'].shape[:2]
        super(LocTransform, self).transform(results)
        return mirror(w, h, results['flip_direction'])
