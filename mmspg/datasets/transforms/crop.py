"""Crop at a random or a fixed place, and move the boxes."""

from collections.abc import Sequence

import numpy as np
from mmpretrain.datasets.transforms import RandomCrop

from mmspg.registry import TRANSFORMS

from ..annotations.faults import check_one_of
from .geometry import LocTransform, translation

# Share of the free rows above the crop, and of the free columns left of it.
POSITIONS = {
    'top_left': (0, 0),
    'top_right': (0, 1),
    'bottom_left': (1, 0),
    'bottom_right': (1, 1),
    'center': (0.5, 0.5),
}


@TRANSFORMS.register_module()
class LocRandomCrop(LocTransform, RandomCrop):
    """mmpretrain's ``RandomCrop`` that moves boxes.

    Args:
        crop_size (int | Sequence[int]): Side, or (h, w), of the crop.

    Raises:
        ValueError: The image is smaller than the crop. mmpretrain returns a
            smaller crop, and the batch fails to stack later.
    """

    def __init__(self, crop_size: int | Sequence[int]):
        super().__init__(crop_size)

    def step(self, results: dict) -> np.ndarray:
        """Cut out the crop; the matrix shifts by its corner."""
        h, w = results['img'].shape[:2]
        if h < self.crop_size[0] or w < self.crop_size[1]:
            raise ValueError(
                f'{type(self).__name__}: image '
                f'{results.get("img_path") or "(array)"} is {h} x {w} (h x w) '
                f'here, smaller than the crop of {self.crop_size[0]} x '
                f'{self.crop_size[1]}. Resize it before (mmspg.LocResize, '
                'mmspg.LocResizeEdge), or make the crop smaller.'
            )
        top, left, rows, cols = self.rand_crop_params(results['img'])
        results['img'] = results['img'][top : top + rows, left : left + cols]
        return translation(-left, -top)

    def __repr__(self):
        return f'{type(self).__name__}(crop_size={tuple(self.crop_size)})'


@TRANSFORMS.register_module()
class LocCrop(LocRandomCrop):
    """A crop at a fixed place, one of the five of a ten-crop test.

    Args:
        crop_size (int | Sequence[int]): Side, or (h, w), of the crop.
        position (str): 'top_left', 'top_right', 'bottom_left',
            'bottom_right' or 'center'.
    """

    def __init__(self, crop_size: int | Sequence[int], position: str):
        super().__init__(crop_size)
        check_one_of('LocCrop: position', position, tuple(sorted(POSITIONS)))
        self.position = position

    def rand_crop_params(self, img) -> tuple[int, int, int, int]:
        """Return top, left, rows and columns of the crop."""
        rows, cols = self.crop_size
        down, right = POSITIONS[self.position]
        # This rounds halves to even, like mmcv's and torchvision's crops.
        return (
            round((img.shape[0] - rows) * down),
            round((img.shape[1] - cols) * right),
            rows,
            cols,
        )

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, position='{self.position}')"


@TRANSFORMS.register_module()
class LocCenterCrop(LocCrop):
    """:class:`LocCrop` in the centre; ``crop_size`` an int or (h, w)."""

    def __init__(self, crop_size: int | Sequence[int]):
        super().__init__(crop_size, position='center')
