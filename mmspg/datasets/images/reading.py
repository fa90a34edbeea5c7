"""Read one image of any known format as 8-bit BGR."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import mmengine.fileio as fileio
import numpy as np
from PIL import Image, ImageOps

from .file_formats import UnreadableImageError, open_image
from .headers import ORIENTATION, original_size
from .levels import levels_of, with_all_bits
from .packed import PackedImages  # noqa: F401 - registers its backend
from .plain_jpeg import decode_plain_jpeg
from .synthetic_drawing import SCHEME, draw_from_address
from .whole import check_scans, check_whole

__all__ = [
    'DECODERS',
    'EXIF',
    'MAX_PIXELS',
    'UnreadableImageError',
    'decode_copy',
    'max_pixels',
    'read_copy',
    'read_image',
    'reduce_to',
    'to_rgb',
]

EXIF = ('ignore', 'apply')
DECODERS = ('pillow', 'opencv')
# The most pixels to hold at once. Reading them takes 1.6 GiB. Pillow also
# warns from this number on.
MAX_PIXELS = 89_478_485
LIMIT = 'MMSPG_MAX_PIXELS'  # the environment variable that sets another one
# Transparent pixels get the ImageNet mean, which the data preprocessor turns
# into zeros.
CANVAS = (124, 116, 104)
_pillow = threading.Lock()


def max_pixels() -> int:
    """Give the limit: MMSPG_MAX_PIXELS of the environment, or MAX_PIXELS.

    Raises:
        ValueError: The variable is not a whole number of at least 1.
    """
    text = os.environ.get(LIMIT, str(MAX_PIXELS))
    if not text.strip().isdecimal() or int(text) < 1:
        raise ValueError(
            f'the environment variable {LIMIT} must be a number of pixels, '
            f'{LIMIT}={MAX_PIXELS} for example; it is {text!r}'
        )
    return int(text)


def reduce_to(
    img: Image.Image, limit: int, name: str, min_side: int | None = None
) -> None:
    """Prepare to decode a large image at a half, quarter or eighth.

    Only JPEGs allow this: their decoder then never holds the whole image.
    For a progressive JPEG it holds the coefficients, which take a quarter of
    the memory of the pixels.

    Args:
        img (Image): An open image.
        limit (int): The most pixels to hold.
        name (str): Name of the image, for the message.
        min_side (int, optional): The side that the shorter side may come
            down to. None: no more is reduced than the limit asks for.

    Raises:
        UnreadableImageError: The reduced image would still be too large.
    """
    w, h = img.size
    pixels = w * h
    scales = [1]
    # The coefficients of a progressive JPEG are held at any scale.
    if img.format in ('JPEG', 'MPO') and not (
        img.info.get('progressive') and pixels > 4 * limit
    ):
        scales += [2, 4, 8]
    possible = [s for s in scales if pixels <= limit * s * s]
    if possible:
        scale = possible[0]
        if min_side:
            enough = [s for s in scales if min(w, h) >= s * min_side]
            scale = max([scale, *enough])
        if scale > 1:
            img.draft(None, (w // scale, h // scale))
        if img.width * img.height <= limit + w + h:
            return
    raise UnreadableImageError(
        f'image {name}: its {w} x {h} pixels are more than the limit of '
        f'{limit}. To read it all the same, set {LIMIT}={pixels} in the '
        f'environment; it takes {pixels * 19 / 2**30:.1f} GiB of memory. Or '
        'save a smaller copy, or a JPEG that is not progressive, which is '
        'read at a half, quarter or eighth of its size.'
    )


@contextmanager
def _without_pillows_limit(img: Image.Image) -> Iterator[None]:
    """Lift Pillow's own limit while one large image is read."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit is None or img.width * img.height <= limit:
        yield
        return
    with _pillow:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def to_rgb(img: Image.Image, name: str = '') -> Image.Image:
    """Convert any Pillow image to 8-bit RGB.

    Images of more bits are scaled, since Pillow's own conversion saturates
    them. Transparent pixels get the colour of the ImageNet mean, not the
    hidden colour that the file stores.

    Raises:
        UnreadableImageError: See :func:`to_8_bits`.
    """
    if img.mode == 'RGB' and 'transparency' not in img.info:
        return img
    if img.mode in ('I', 'F') or img.mode.startswith('I;16'):
        return levels_of(img, name).convert('RGB')
    if img.mode in ('LA', 'La', 'PA', 'RGBA', 'RGBa') or (
        'transparency' in img.info
    ):
        img = img.convert('RGBA')
        canvas = Image.new('RGBA', img.size, CANVAS + (255,))
        return Image.alpha_composite(canvas, img).convert('RGB')
    return img.convert('RGB')


def decode_copy(
    content: bytes,
    name: str,
    exif: str = 'ignore',
    decoder: str = 'pillow',
    min_side: int | None = None,
) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode the bytes of an image file, which may be a resized copy.

    Pillow decodes it, or says what is wrong with it. An image of more than
    :func:`max_pixels` is decoded at a part of its size if its format allows
    it. Otherwise it is refused by its header, since a small file can claim
    any size.

    Args:
        content (bytes): The bytes of the file. Its suffix does not matter.
        name (str): Name of the image, for messages.
        exif (str): 'ignore' keeps the pixels as stored; 'apply' turns the
            image as EXIF says.
        decoder (str): 'pillow', or 'opencv', which is quicker, for plain
            JPEGs.
        min_side (int, optional): A JPEG is decoded at a half, quarter or
            eighth of its size if its shorter side stays at least so long.

    Returns:
        tuple: ``(h, w, 3)`` uint8, channels B, G, R, and the size (w, h) that
        boxes are annotated in. This is the size of the image, or the size of
        the original for a copy that ``resize_images.py`` has written and for
        an image that was decoded at a part of its size.

    Raises:
        UnreadableImageError: The bytes are not a whole image, or it is too
            large.
    """
    limit = max_pixels()
    try:
        with open_image(io.BytesIO(content), name) as img:
            whole, size = img.size, original_size(img)
            reduce_to(img, limit, name, min_side)
            check_scans(img, content, name)
            turn = 1
            if exif == 'apply':
                turn = img.getexif().get(ORIENTATION, 1)
            if decoder == 'opencv' and turn == 1 and img.size == whole:
                bgr = decode_plain_jpeg(content, img)
                if bgr is not None:
                    return bgr, size
            with _without_pillows_limit(img):
                img.load()
            check_whole(img, content, name)
            loaded = with_all_bits(img, content, name)
            if exif == 'apply':
                loaded = ImageOps.exif_transpose(loaded)
            if img.format == 'TIFF':  # turned by Pillow when it was loaded
                size = loaded.size
            elif 5 <= turn <= 8:
                size = size[::-1]
            rgb = np.asarray(to_rgb(loaded, name))
    except UnreadableImageError:
        raise
    except Exception as e:  # Pillow can raise any error on a broken file
        raise UnreadableImageError(
            f'cannot decode image {name}: {type(e).__name__}: {e} '
            f'({len(content)} bytes). If the file is broken or truncated, '
            'fetch it again. If other programs show it, save it as JPEG or '
            'PNG.'
        ) from e
    # This is 40 times as fast as a copy of rgb[..., ::-1].
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), size


def read_image(
    path: str, exif: str = 'ignore', backend_args: dict = None
) -> np.ndarray:
    """Read an image by its ``img_path``, like :func:`read_copy`.

    Returns:
        np.ndarray: ``(h, w, 3)`` uint8, channels B, G, R.
    """
    return read_copy(path, exif, backend_args)[0]


def read_copy(
    path: str,
    exif: str = 'ignore',
    backend_args: dict = None,
    decoder: str = 'pillow',
    min_side: int | None = None,
) -> tuple[np.ndarray, tuple[int, int]]:
    """Read an image by its ``img_path``: a file, or a synthetic address.

    Args:
        path (str): Path, URL of a file backend, or an address of
            :class:`SyntheticLoc` (``'synthetic:...'``), which is drawn.
        exif (str): See :func:`decode_copy`.
        backend_args (dict, optional): See :func:`mmengine.fileio.get`.
        decoder (str): See :func:`decode_copy`.
        min_side (int, optional): See :func:`decode_copy`.

    Returns:
        tuple: Image and size; see :func:`decode_copy`.

    Raises:
        UnreadableImageError: The file is missing or cannot be read.
    """
    if path.startswith(SCHEME):
        img = draw_from_address(path).img
        return img, img.shape[1::-1]
    try:
        content = fileio.get(path, backend_args=backend_args)
    except (KeyError, OSError, ValueError) as e:  # NUL, no such backend
        reason = getattr(e, 'strerror', None) or e
        raise UnreadableImageError(
            f'cannot read image {path}: {reason}. Is the data root right '
            '(--data-root DIR or MMSPG_DATA_ROOT)?'
        ) from e
    if content is None:  # mmengine's LmdbBackend about a missing key
        raise UnreadableImageError(
            f'cannot read image {path}: the backend {backend_args} has no '
            'file of that name.'
        )
    return decode_copy(content, path, exif, decoder, min_side)
