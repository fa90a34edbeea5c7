"""Read true masks as the WSOL benchmark stores them."""

import io
from pathlib import Path

import cv2
import numpy as np

from mmspg.datasets.images.file_formats import (
    UnreadableImageError,
    open_image,
)
from mmspg.datasets.images.whole import check_scans, check_whole

from ..functional.pxap import IGNORE

MAX_PIXELS = 2**26  # of a mask; decoding takes up to a byte or three each


def read_mask(mask_paths, ignore_path=None, side=224):
    """Join the masks of an image's objects and the region to ignore.

    Args:
        mask_paths (Sequence[str]): Grey images of any size, one per object.
        ignore_path (str, optional): Grey image of the region to ignore. An
            object in it still counts.
        side (int): Side of the grid (nearest neighbour). Defaults to 224.

    Returns:
        ndarray: ``(side, side)`` uint8: 1 true, 0 false, 255 ignored.

    Raises:
        ValueError: No path, or a file that is absent, no whole image, or
            of more than ``MAX_PIXELS``.
    """
    if not len(mask_paths):
        raise ValueError('an image without a mask cannot be evaluated')
    true = np.any([_read(path, side) for path in mask_paths], axis=0)
    mask = true.astype(np.uint8)
    if ignore_path:
        mask[_read(ignore_path, side) & ~true] = IGNORE
    return mask


def _read(path, side):
    try:
        content = Path(path).read_bytes()
        image = _decode(content, str(path))
    except OSError as error:
        raise ValueError(f'mask {path}: {error.strerror or error}') from None
    resized = cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)
    return resized > 0


def _decode(content, name):
    """Decode a grey image that is whole and not too large."""
    try:
        with open_image(io.BytesIO(content), name) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImageError(
                    f'its {image.width} x {image.height} pixels are more '
                    f'than {MAX_PIXELS}. Save it at a smaller size'
                )
            check_scans(image, content, name)
            image.load()
            check_whole(image, content, name)
            if image.mode in ('1', 'L', 'P', 'RGB'):
                return np.asarray(image.convert('L'))
    except UnreadableImageError:
        raise
    except Exception as error:  # Pillow raises what it stumbles on
        raise UnreadableImageError(
            f'not an image, or not a whole one ({error})'
        ) from error
    # OpenCV scales the levels of more bits, and leaves transparency out.
    found = cv2.imdecode(
        np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE
    )
    if found is None:
        raise UnreadableImageError('not an image of grey levels')
    return found
