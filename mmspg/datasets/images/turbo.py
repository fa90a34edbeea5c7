"""Decode plain JPEGs with libjpeg-turbo, which is faster than Pillow."""

import warnings
from functools import lru_cache

import numpy as np
from PIL import Image

__all__ = ['decode_turbo', 'get_turbo']

ADVICE = (
    "decoder='turbojpeg' needs PyTurboJPEG and its library: "
    'pip install "mmspg[turbojpeg]", and libturbojpeg of the system (on '
    'Debian: apt-get install libturbojpeg0, with "PyTurboJPEG<2"). Or leave '
    "decoder='pillow'."
)


@lru_cache(maxsize=1)
def get_turbo():
    """Load the library, once in each process.

    Raises:
        ImportError: PyTurboJPEG or libjpeg-turbo is missing.
    """
    try:
        from turbojpeg import TurboJPEG

        return TurboJPEG()
    except Exception as error:  # RuntimeError, OSError or AttributeError, too
        raise ImportError(f'{ADVICE} ({error})') from error


def decode_turbo(content: bytes, img: Image.Image) -> np.ndarray | None:
    """Decode a JPEG of three colours or grey, if nothing is wrong with it.

    Pillow uses the same library, so the pixels are the same.

    Args:
        content (bytes): The bytes of the file.
        img (Image): The same file, opened by Pillow but not loaded.

    Returns:
        np.ndarray | None: ``(h, w, 3)`` uint8 in B, G, R. None if Pillow is
        to decode the image or to say what is wrong with it. The library
        only warns of a truncated JPEG, so any warning gives None.
    """
    plain = img.format == 'JPEG' and img.mode in ('RGB', 'L')
    # The library does not warn of a scan that is missing.
    if not plain or img.info.get('progressive'):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try:
            return get_turbo().decode(content)
        except (OSError, UserWarning):
            return None
