"""Bring images of more than 8 bits to 8 without losing what they show."""

import logging

import cv2
import numpy as np
from mmengine.logging import print_log
from PIL import Image

from .file_formats import UnreadableImageError

__all__ = ['levels_of', 'to_8_bits', 'with_all_bits']

DEPTHS = (8, 10, 12, 14, 16)  # bits of sensors
_said: set[int] = set()  # depths that a message was logged for


def to_8_bits(
    values: np.ndarray, name: str, bits: int | None = None
) -> np.ndarray:
    """Scale levels to 0..255.

    A sensor of 12 bits writes a file of 16 bits and uses a 16th of its
    range. If the file does not say how many bits count, the highest value
    tells. Floats are in 0..1, or in the range of integers.

    Args:
        values (ndarray): Integers or floats of any shape.
        name (str): Name of the image, for messages.
        bits (int, optional): How many bits count, if the file says so.

    Returns:
        ndarray: uint8, of the same shape.

    Raises:
        UnreadableImageError: There are negative values, NaN, floats a little
            above 1, or more than 16 bits, so nothing tells what is white.
    """
    low, high = values.min(), values.max()
    floats = values.dtype.kind == 'f'
    if not (low >= 0 and high <= 65535) or (floats and 1 < high < 16):
        raise UnreadableImageError(
            f'image {name}: its values go from {low:g} to {high:g}, so it is '
            'not known which value is white. Scale them to 0 to 255, and '
            'save the image with 8 bits.'
        )
    if floats and high <= 1:
        full = 1
    else:
        bits = bits or next(d for d in DEPTHS if high < 2**d)
        full = 2**bits - 1
        if bits < 16 and high and not (floats and bits == 8):
            _say(bits, float(high), name)
    if floats:
        return np.rint(values * (255 / full)).astype(np.uint8)
    return (values.astype(np.int64) * 255 // full).astype(np.uint8)


def _say(bits: int, high: float, name: str) -> None:
    """Log once, for each depth, how such files are read."""
    if bits in _said:
        return
    _said.add(bits)
    print_log(
        f'Image {name} could hold more than {bits} bits, but its highest '
        f'value is {high:g}. It is read as an image of {bits} bits, and so '
        'are other images of this kind. If it is meant to be dark, save it '
        'with 8 bits.',
        'current',
        logging.WARNING,
    )


def levels_of(img: Image.Image, name: str) -> Image.Image:
    """Convert a grey image of many bits or of floats to mode 'L'.

    Raises:
        UnreadableImageError: See :func:`to_8_bits`.
    """
    declared = getattr(img, 'tag_v2', {}).get(258, (16,))[0]
    bits = declared if 8 < declared < 16 else None
    grey = to_8_bits(np.asarray(img), name, bits)
    return Image.fromarray(grey)


def with_all_bits(img: Image.Image, content: bytes, name: str) -> Image.Image:
    """Mend a colour image of 16 bits of which Pillow dropped the lower 8.

    In a JPEG 2000 Pillow also turns the highest levels into black.

    Args:
        img (Image): The image that Pillow loaded.
        content (bytes): The bytes of its file.
        name (str): Name of the image, for messages.

    Returns:
        Image: The same image. If the upper bits of the file are empty, an
        image with its levels scaled to 8 bits.
    """
    deep = img.format in ('JPEG2000', 'PNG', 'PPM', 'TIFF')
    if not deep or img.mode not in ('RGB', 'RGBA', 'LA'):
        return img
    colours = img.getextrema()[: 1 if img.mode == 'LA' else 3]
    wraps = img.format == 'JPEG2000'
    if not wraps and max(high for _, high in colours) >= 64:
        return img
    read = cv2.imdecode(np.frombuffer(content, np.uint8), -1)
    if read is None or read.dtype != np.uint16 or read.ndim != 3:
        return img
    scaled = to_8_bits(read[..., 2::-1], name)
    if read.shape[2] == 4:
        alpha = (read[..., 3:] >> 8).astype(np.uint8)
        scaled = np.concatenate([scaled, alpha], axis=2)
    mended = Image.fromarray(scaled)
    mended.info['exif'] = img.getexif().tobytes()
    return mended
