"""Resizes that move boxes."""

import numpy as np
from mmcv.transforms import Resize
from mmpretrain.datasets.transforms import ResizeEdge

from mmspg.registry import TRANSFORMS

from .geometry import LocTransform, scaling


def _resized(results: dict, resize) -> np.ndarray:
    """Run ``resize`` and return the scaling it really did, ``(3, 3)``."""
    h, w = results['img'].shape[:2]
    resize(results)
    new_h, new_w = results['img'].shape[:2]
    return scaling(new_w / w, new_h / h)


@TRANSFORMS.register_module()
class LocResize(LocTransform, Resize):
    """mmcv's ``Resize`` (``scale`` an int or (w, h)) that moves boxes.

    An image that has the size already, as the copies of
    ``resize_images.py`` have, is passed on as it is.
    """

    def step(self, results: dict) -> np.ndarray:
        """Resize, and return the scaling that the rounding of sides gave."""
        if self.scale == results['img'].shape[1::-1] and not self.keep_ratio:
            results.update(
                scale=self.scale, scale_factor=(1.0, 1.0), keep_ratio=False
            )
            return np.eye(3)
        return _resized(results, super(LocTransform, self).transform)


@TRANSFORMS.register_module()
class LocResizeEdge(LocTransform, ResizeEdge):
    """mmpretrain's ``ResizeEdge`` (one edge to ``scale``) that moves boxes.

    The code released with SPG resizes the short side to 356.

    Raises:
        ValueError: The image is so narrow that the other edge would vanish.
    """

    def step(self, results: dict) -> np.ndarray:
        """Resize, and return the scaling that the rounding of sides gave."""
        h, w = results['img'].shape[:2]
        edge = dict(short=min(h, w), long=max(h, w), width=w, height=h)
        if self.scale / edge[self.edge] * min(h, w) < 1:
            raise ValueError(
                f'LocResizeEdge: image {results.get("img_path") or "(array)"} '
                f'is {h} x {w} (h x w) here; with its {self.edge} edge at '
                f'{self.scale} nothing is left of the other. Resize to both '
                'sides (mmspg.LocResize), or leave the image out.'
            )
        return _resized(results, super(LocTransform, self).transform)
