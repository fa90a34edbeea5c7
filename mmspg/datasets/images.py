"""Read one image, whatever its format calls itself, as 8-bit BGR."""

import io

import cv2
import mmengine.fileio as fileio
import numpy as np
from PIL import Image, ImageOps

from .resized import original_size
from .synthetic_drawing import SCHEME, draw_from_address
from .turbo import decode_turbo

EXIF = ('ignore', 'apply')
DECODERS = ('pillow', 'turbojpeg')
MAX_PIXELS = 89_478_485  # Pillow warns there; 1.6 GiB while it is read
# Pillow knows further ones; of these EPS runs Ghostscript on what it is given.
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TIFF', 'WEBP')
# What transparent pixels show: the ImageNet mean, which the data
# preprocessor turns into zeros.
CANVAS = (124, 116, 104)


class UnreadableImageError(OSError):
    """An image is missing, broken or truncated; the message names it."""


def to_rgb(img: Image.Image) -> Image.Image:
    """Convert any Pillow image to 8-bit RGB.

    16-bit grey is scaled (Pillow's own conversion saturates it), and
    transparent pixels show a canvas in the colour of the ImageNet mean
    instead of whatever lies hidden under them.
    """
    if img.mode == 'RGB' and 'transparency' not in img.info:
        return img
    if img.mode == 'I' or img.mode.startswith('I;16'):
        grey = np.clip(np.asarray(img).astype(np.int64), 0, 65535) // 257
        return Image.fromarray(grey.astype(np.uint8)).convert('RGB')
    if img.mode in ('LA', 'La', 'PA', 'RGBA', 'RGBa') or (
        'transparency' in img.info
    ):
        img = img.convert('RGBA')
        canvas = Image.new('RGBA', img.size, CANVAS + (255,))
        return Image.alpha_composite(canvas, img).convert('RGB')
    return img.convert('RGB')


def decode_image(content: bytes, name: str, exif: str = 'ignore'):
    """Decode the bytes of an image file; :func:`decode_copy` without a size.

    Returns:
        np.ndarray: ``(h, w, 3)`` uint8, channels B, G, R.
    """
    return decode_copy(content, name, exif)[0]


def decode_copy(
    content: bytes,
    name: str,
    exif: str = 'ignore',
    decoder: str = 'pillow',
) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode the bytes of an image file, which may be a resized copy.

    Pillow, not OpenCV: OpenCV fills the missing rest of a truncated JPEG
    with grey and says nothing. Images of over MAX_PIXELS are refused by their
    header, as a small file can claim any size; so are formats other than
    FORMATS.

    Args:
        content (bytes): What the file holds; the suffix is not looked at.
        name (str): Name for the message of an error.
        exif (str): 'ignore' keeps the pixels as stored, which is what boxes
            are annotated on; 'apply' turns the image as EXIF says.
        decoder (str): 'turbojpeg' takes PyTurboJPEG for plain JPEGs.

    Returns:
        tuple: ``(h, w, 3)`` uint8, channels B, G, R, and the size (w, h) that
        boxes are annotated in: the image's own, or, of a copy that
        ``resize_images.py`` wrote, the original's.

    Raises:
        UnreadableImageError: The bytes are no whole image.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as img:
            if img.width * img.height > MAX_PIXELS:
                raise ValueError(
                    f'{img.width} x {img.height} pixels, over {MAX_PIXELS}'
                )
            if decoder == 'turbojpeg' and exif == 'ignore':
                bgr = decode_turbo(content, img)
                if bgr is not None:
                    return bgr, original_size(img)
            img.load()
            if exif == 'apply':
                img = ImageOps.exif_transpose(img)
            size = original_size(img)
            rgb = np.asarray(to_rgb(img))
    except Exception as e:  # Pillow raises whatever its decoders stumble on
        raise UnreadableImageError(
            f'cannot decode image {name}: {type(e).__name__}: {e} '
            f'({len(content)} bytes; broken or truncated?). Fetch the file '
            "again, or train with broken_images='replace'."
        ) from e
    # 40 times as quick as a copy of rgb[..., ::-1].
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), size


def read_image(
    path: str, exif: str = 'ignore', backend_args: dict = None
) -> np.ndarray:
    """Read an image by its ``img_path``; :func:`read_copy` without a size.

    Returns:
        np.ndarray: ``(h, w, 3)`` uint8, channels B, G, R.
    """
    return read_copy(path, exif, backend_args)[0]


def read_copy(
    path: str,
    exif: str = 'ignore',
    backend_args: dict = None,
    decoder: str = 'pillow',
) -> tuple[np.ndarray, tuple[int, int]]:
    """Read an image by its ``img_path``: a file, or a synthetic address.

    Args:
        path (str): Path, URL of a file backend, or an address of
            :class:`SyntheticLoc` (``'synthetic:...'``), which is drawn.
        exif (str): See :func:`decode_copy`.
        backend_args (dict, optional): As of :func:`mmengine.fileio.get`.
        decoder (str): See :func:`decode_copy`.

    Returns:
        tuple: Image and size; see :func:`decode_copy`.

    Raises:
        UnreadableImageError: Missing or unreadable file; names it.
    """
    if path.startswith(SCHEME):
        img = draw_from_address(path).img
        return img, img.shape[1::-1]
    try:
        content = fileio.get(path, backend_args=backend_args)
    except OSError as e:
        raise UnreadableImageError(
            f'cannot read image {path}: {e.strerror or e}. Is the data root '
            'right (--data-root DIR or MMSPG_DATA_ROOT)?'
        ) from e
    if content is None:  # mmengine's LmdbBackend about a missing key
        raise UnreadableImageError(
            f'cannot read image {path}: the backend {backend_args} has none '
            'of that name.'
        )
    return decode_copy(content, path, exif, decoder)
