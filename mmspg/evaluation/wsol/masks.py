"""True masks as the WSOL benchmark stores them."""

import cv2
import numpy as np

from ..functional.pxap import IGNORE


def read_mask(mask_paths, ignore_path=None, side=224):
    """Join the masks of an image's objects with what is not to be counted.

    Args:
        mask_paths (Sequence[str]): Grey images, an object each, any size.
        ignore_path (str, optional): Grey image of the region to ignore,
            where it is no object.
        side (int): Side of the grid (nearest neighbour). Defaults to 224.

    Returns:
        ndarray: ``(side, side)`` uint8: 1 true, 0 false, 255 ignored.

    Raises:
        ValueError: No path, or a file that is absent or no image.
    """
    if not len(mask_paths):
        raise ValueError('an image without a mask cannot be evaluated')
    true = np.any([_read(path, side) for path in mask_paths], axis=0)
    mask = true.astype(np.uint8)
    if ignore_path:
        mask[_read(ignore_path, side) & ~true] = IGNORE
    return mask


def _read(path, side):
    # Not cv2.imread: it cannot open every path on every system.
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ValueError(f'mask {path}: {error.strerror}') from None
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if image is None:
        raise ValueError(f'mask {path}: not an image')
    resized = cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)
    return resized > 0
