"""Hide-and-seek: hide random cells of a training image."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmspg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class HideAndSeek(BaseTransform):
    """Fill each cell of a grid with the mean, with some probability.

    This is for training pipelines, after the crop (Singh & Lee, ICCV 2017).
    The cells begin at the top left corner; cells at the right and at the
    bottom may be cut. Pixels are hidden but not moved, so boxes stay right.

    Args:
        sizes (int | Sequence[int | None]): Side of the cells in pixels. If
            there are several, each image draws one; None hides nothing.
            Defaults to 32. The mixed variant is (None, 16, 32, 44, 56).
        prob (float): Probability that a cell is hidden. Defaults to 0.5.
        fill (Sequence[float]): Colour of hidden pixels in B, G, R, rounded
            for an image of integers. Defaults to ImageNet's mean.

    Raises:
        ValueError: A size is below 1, or ``prob`` is not in [0, 1].
    """

    keeps_geometry = True

    def __init__(
        self,
        sizes: int | Sequence[int | None] = 32,
        prob: float = 0.5,
        fill: Sequence[float] = (103.53, 116.28, 123.675),
    ):
        self.sizes = (sizes,) if isinstance(sizes, int) else tuple(sizes)
        if not self.sizes or any(
            size is not None and size < 1 for size in self.sizes
        ):
            raise ValueError(
                'HideAndSeek: sizes must be numbers of pixels, at least 1, '
                f'or None (hide nothing), but are {sizes}.'
            )
        if not 0 <= prob <= 1:
            raise ValueError(
                f'HideAndSeek: prob must be from 0 to 1, but is {prob}.'
            )
        self.prob = prob
        self.fill = tuple(fill)

    def transform(self, results: dict) -> dict:
        """Hide cells of ``results['img']`` ``(h, w, 3)``.

        Args:
            results (dict): The results dict of the pipeline.

        Returns:
            dict: The same dict, with a new ``img``.
        """
        # The seeds of workers and epochs set NumPy's global state.
        draw = np.random.random_sample  # noqa: NPY002
        size = self.sizes[int(draw() * len(self.sizes))]
        if size is None:
            return results
        img = results['img']
        h, w = img.shape[:2]
        cells = draw((-(-h // size), -(-w // size))) < self.prob
        hidden = cells.repeat(size, 0)[:h].repeat(size, 1)[:, :w]
        fill = np.asarray(self.fill)
        if np.issubdtype(img.dtype, np.integer):
            fill = fill.round()
        results['img'] = np.where(
            hidden[..., None], fill.astype(img.dtype), img
        )
        return results

    def __repr__(self):
        return (
            f'{type(self).__name__}(sizes={self.sizes}, prob={self.prob}, '
            f'fill={self.fill})'
        )
