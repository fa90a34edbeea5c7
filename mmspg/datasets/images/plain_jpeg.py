"""Decode plain JPEGs by OpenCV, which is quicker than Pillow."""

import cv2
import numpy as np
from PIL import Image

from .whole import GREY, ends_properly

__all__ = ['decode_plain_jpeg']


def decode_plain_jpeg(content: bytes, img: Image.Image) -> np.ndarray | None:
    """Decode a JPEG of three colours or grey, if nothing is wrong with it.

    Pillow uses the same library, so the pixels are the same. But OpenCV fills
    in what is missing, and says nothing.

    Args:
        content (bytes): The bytes of the file.
        img (Image): The same file, opened by Pillow but not loaded.

    Returns:
        np.ndarray | None: ``(h, w, 3)`` uint8 in B, G, R. None if Pillow is
        to decode the image, or to say what is wrong with it.
    """
    plain = img.format == 'JPEG' and img.mode in ('RGB', 'L')
    if not plain or img.info.get('progressive') or not ends_properly(content):
        return None
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if bgr is None or bgr.shape[1::-1] != img.size:
        return None
    # Where data are missing, the last pixel is grey.
    return None if all(value in GREY for value in bgr[-1, -1]) else bgr
