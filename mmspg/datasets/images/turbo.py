"""Decode plain JPEGs directly by libjpeg-turbo, which is quicker."""

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
    """Load the library, once a process.

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

    The pixels are those of Pillow, which has the same library inside.

    Args:
        content (bytes): What the file holds.
        img (Image): The same, opened by Pillow but not loaded.

    Returns:
        np.ndarray | None: ``(h, w, 3)`` uint8 in B, G, R; None for Pillow to
        decode it or to say what is wrong, where the library warns: it
        passes a truncated JPEG with a warning.
    """
    if img.format != 'JPEG' or img.mode not in ('RGB', 'L'):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try:
            return get_turbo().decode(content)
        except (OSError, UserWarning):
            return None
