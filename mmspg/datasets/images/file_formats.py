"""Tell the format of an image by its first bytes, and whether we read it."""

import re
from functools import lru_cache
from typing import IO

from PIL import Image, features

# Pillow knows more formats. For one of them, EPS, it would run Ghostscript.
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TIFF', 'WEBP')
# How names of images usually end. No file is refused because of its name.
SUFFIXES = tuple(
    '.avif .bmp .gif .heic .heif .j2k .jfif .jp2 .jpe .jpeg .jpg .pbm .pgm '
    '.png .pnm .ppm .tif .tiff .webp'.split()
)
HEAD = 32  # bytes that tell the format
# A camera's raw file is a TIFF, of which Pillow would read the thumbnail.
RAW_SUFFIXES = tuple(
    '.3fr .arw .cr2 .dng .erf .iiq .kdc .nef .nrw .pef .sr2 .srw'.split()
)
HEADS = {
    'JPEG': rb'\xff\xd8\xff',
    'PNG': rb'\x89PNG\r\n\x1a\n',
    'GIF': rb'GIF8[79]a',
    'WEBP': rb'RIFF.{4}WEBP',
    'TIFF': rb'II[*+]\0|MM\0[*+]',
    'BMP': rb'BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0',
    'JPEG2000': rb'\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51',
    'PPM': rb'P([1-6]\s+[#\d]|[fF]\s+\d)',
    'AVIF': rb'.{4}ftypavi[fs]',
    'HEIF': rb'.{4}ftyp(hei|hev|mif1|msf1)',
    'JPEG XL': rb'\xff\x0a|\0\0\0\x0cJXL ',
    'Photoshop': rb'8BPS',
    'video': rb'.{4}ftyp|\x1aE\xdf\xa3|RIFF.{4}AVI ',
}
PATTERN = re.compile(
    b'|'.join(
        b'(?P<%s>%s)' % (name.replace(' ', '_').encode(), head)
        for name, head in HEADS.items()
    ),
    re.DOTALL,
)
ADVICE = {
    'AVIF': 'pip install --upgrade "pillow>=11.3"',
    'HEIF': 'pip install "mmspg[heic]"',
}


class UnreadableImageError(OSError):
    """An image is missing, broken or unusable; the message names it."""


def format_of(head: bytes, name: str = '') -> str | None:
    r"""Tell the format of a file by its first ``HEAD`` bytes.

    Args:
        head (bytes): The first bytes.
        name (str): Name of the file. It only tells a camera's raw file from
            a TIFF.

    Returns:
        str | None: A name of Pillow's (one of `FORMATS`, 'AVIF', 'HEIF'),
        'camera raw', 'JPEG XL', 'Photoshop', 'video', or None.

    Example:
        >>> format_of(b'\x89PNG\r\n\x1a\n')
        'PNG'
    """
    found = PATTERN.match(head)
    if not found:
        return None
    kind = str(found.lastgroup).replace('_', ' ')
    if kind == 'TIFF' and name.lower().endswith(RAW_SUFFIXES):
        return 'camera raw'
    return kind


@lru_cache(maxsize=1)
def formats() -> tuple[str, ...]:
    """Give the formats that are read; AVIF and HEIF if Pillow can."""
    known: tuple[str, ...] = FORMATS
    Image.init()
    if 'AVIF' in Image.OPEN and features.check('avif'):
        known += ('AVIF',)
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return known
    register_heif_opener()
    return (*known, 'HEIF')


def missing(kind: str) -> str | None:
    """Say why a format is not read and what helps; None if it is read."""
    if kind in FORMATS or kind in formats():
        return None
    what = {'HEIF': 'HEIC'}.get(kind, kind)
    if kind in ADVICE:
        return f'{what}, which is not read here: {ADVICE[kind]}'
    return f'{what}, which is not read: save it as JPEG or PNG'


def open_image(file: IO[bytes], name: str = '') -> Image.Image:
    """Open an image of any size by its content, without decoding it.

    Unlike ``Image.open`` this sets no limit. A program that decodes the
    image must check its size first.

    Args:
        file (IO): A file that is open for reading bytes.
        name (str): Name of the file, see :func:`format_of`.

    Raises:
        UnreadableImageError: The format is not read here.
        OSError: The file is not an image.
        Exception: Pillow's plugins can raise any error on a broken file.
    """
    head = file.read(HEAD)
    file.seek(0)
    kind = format_of(head, name)
    if kind is None:
        raise OSError(f'this is not an image: it begins with {head[:12]!r}')
    fault = missing(kind)
    if fault:
        raise UnreadableImageError(f'cannot decode image {name}: {fault}')
    formats()  # fills Pillow's table of plugins
    return Image.OPEN[kind][0](file, name)
