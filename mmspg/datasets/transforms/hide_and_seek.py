"""Hide-and-seek: cells of a training image, hidden by chance."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmspg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class HideAndSeek(BaseTransform):
    """Fill each cell of a grid, with some probability, with the mean.

    For training pipelines, after the crop (Singh & Lee, ICCV 2017). The
    cells begin at the top left corner; those at the right and at the bottom
    may be cut. Pixels are hidden and none is moved: boxes stay right.

    Args:
        sizes (int | Sequence[int | None]): Side of the cells in pixels; of
            several, each image draws one, of which None hides nothing.
            Defaults to 32. The mixed variant is (None, 16, 32, 44, 56).
        prob (float): Probability that a cell is hidden. Defaults to 0.5.
        fill (Sequence[float]): What hidden pixels become, in B, G, R: the
            mean of the data set. Rounded where the image is of integers.
            Defaults to ImageNet's.

    Raises:
        ValueError: A size below 1, or a ``prob`` not in [0, 1].
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
                'HideAndSeek: sizes must be pixels, at least 1, or None (hide '
                f'nothing), but is {sizes}.'
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
        # NumPy's global state is what the seeds of workers and epochs set.
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
