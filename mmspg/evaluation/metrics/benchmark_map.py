"""A model's score map on the grid of the WSOL benchmark."""

import numpy as np

from ..functional import benchmark_score_map, place_score_map

SIDE = 224


def on_benchmark_grid(raw, sample):
    """Put a raw map on the 224 x 224 grid that stands for the whole image.

    Where the network saw the whole image, as in the benchmark, the map is
    resized by the benchmark's cubic interpolation. Where it saw a crop or a
    mirror image, which the benchmark does not know, the map is laid back
    bilinearly, with zeros outside of the crop.

    Args:
        raw (array): ``(h, w)``.
        sample (dict): With ``ori_shape`` (h, w), ``img_shape`` (h, w) and
            ``homography`` ``(3, 3)`` of the pipeline.

    Returns:
        ndarray: ``(224, 224)`` in [0, 1].
    """
    homography = sample.get('homography')
    if homography is None:
        return benchmark_score_map(raw, SIDE)
    height, width = sample['ori_shape'][:2]
    from_grid = np.diag([width / SIDE, height / SIDE, 1.0])
    homography = np.asarray(homography, np.float64) @ from_grid
    input_h, input_w = sample['img_shape'][:2]
    whole = np.diag([input_w / SIDE, input_h / SIDE, 1.0])
    # Rounding of a resize to whole pixels is below a pixel of the grid.
    if np.allclose(homography / homography[2, 2], whole, atol=1e-2):
        return benchmark_score_map(raw, SIDE)
    return place_score_map(raw, (SIDE, SIDE), (input_w, input_h), homography)
