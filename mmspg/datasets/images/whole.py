"""Find out whether a decoded image is complete.

Pillow refuses most files that are cut short, but it accepts two kinds: a PNG
without its last rows whose compressed data end properly, and a JPEG without
its last part that ends with the end marker. The missing part is then black or
grey. The check looks at the pixel that is decoded last, so it costs almost
nothing for a complete photograph. Only an image that ends in black or mid-grey
is read a second time.
"""

import io
import re
import zlib

import numpy as np
from PIL import Image

from .file_formats import UnreadableImageError

__all__ = ['GREY', 'MAX_SCANS', 'check_scans', 'check_whole', 'ends_properly']

MAX_SCANS = 64  # the most scans of a JPEG; encoders make about 10
SCAN, END = b'\xff\xda', b'\xff\xd9'
FRAMES = tuple(bytes([0xC0 + i]) for i in range(16) if i not in (4, 8, 12))
# In a scan, 0 after 255 belongs to the data, and 0xD0 to 0xD7 number restarts.
MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
LAST_BLOCKS = 8192  # ten blocks of 64 numbers take half of it at most
GREY = (127, 128)  # what libjpeg fills in, and the same inverted
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the colour type of a PNG
# The passes of Adam7: first column, first row, and the steps of both.
PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
BLOCK = 2**20


def check_scans(img: Image.Image, content: bytes, name: str) -> None:
    """Refuse a JPEG with too many scans.

    Because of them, decoding a small file could take minutes.

    Args:
        img (Image): The opened image, which need not be loaded.
        content (bytes): The content of the file.
        name (str): The name of the image, for the message.

    Raises:
        UnreadableImageError: It has more than ``MAX_SCANS`` scans.
    """
    if img.format not in ('JPEG', 'MPO'):
        return
    if not img.info.get('progressive'):
        scan, frame = _first_scan(content)
        if content[scan + 4 : scan + 5] == content[frame + 9 : frame + 10]:
            return  # one scan has all its colours, as in most files
    number = content.count(SCAN)
    if number > MAX_SCANS:
        raise UnreadableImageError(
            f'cannot decode image {name}: it is a JPEG with {number} scans, '
            f'and at most {MAX_SCANS} are read. Save it again.'
        )


def check_whole(img: Image.Image, content: bytes, name: str) -> None:
    """Refuse an image whose last part is missing.

    Args:
        img (Image): The image, loaded by Pillow from ``content``.
        content (bytes): The content of the file.
        name (str): The name of the image, for the message.

    Raises:
        UnreadableImageError: Rows of a PNG or a part of a JPEG are missing.
            A progressive JPEG that is cut in its last scan is accepted, as it
            lacks only the finest detail.
    """
    missing = dict(PNG=_png_lacks_rows, JPEG=_jpeg_lacks_rest)
    if img.format in missing and missing[img.format](img, content):
        raise UnreadableImageError(
            f'cannot decode image {name}: the file is cut short (it has '
            f'{len(content)} bytes). Fetch it again.'
        )


def _png_lacks_rows(img: Image.Image, content: bytes) -> bool:
    w, h = img.size
    interlaced = content[28] == 1
    last = h - 2 if interlaced and h % 2 and h > 1 else h - 1
    if any(img.crop((0, last, w, last + 1)).tobytes()):
        return False
    bits = content[24] * CHANNELS.get(content[25], 1)
    expected = 0
    for x, y, dx, dy in PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(w - x) // dx), -(-(h - y) // dy)
        if columns > 0 and rows > 0:
            expected += rows * (1 + -(-columns * bits // 8))
    return _inflated(content, expected) < expected


def _inflated(content: bytes, most: int) -> int:
    """Count the bytes of a PNG's decompressed image data, up to ``most``."""
    inflate, at, found = zlib.decompressobj(), 8, 0
    while at + 8 <= len(content) and found < most and not inflate.eof:
        length = int.from_bytes(content[at : at + 4], 'big')
        if content[at + 4 : at + 8] == b'IDAT':
            data = content[at + 8 : at + 8 + length]
            while data and found < most:
                found += len(inflate.decompress(data, BLOCK))
                data = inflate.unconsumed_tail
        at += length + 12
    return found


def _jpeg_lacks_rest(img: Image.Image, content: bytes) -> bool:
    if img.info.get('progressive'):
        return not _all_scans(content)
    w, h = img.size
    corner = img.getpixel((w - 1, h - 1))
    values = corner if isinstance(corner, tuple) else (corner,)
    at = content.rfind(END)
    if at < 0 or not all(value in GREY for value in values):
        return False
    # Mid-grey may stand for missing data, or be a real colour. To find out,
    # bytes are put before the end: a decoder that still lacks data reads them,
    # and then gives other pixels.
    longer = content[:at] + b'\x55' * 64 + content[at:]
    with Image.open(io.BytesIO(longer), formats=['JPEG']) as other:
        if img.size != other.size:
            other.draft(None, img.size)
        other.load()
        return not np.array_equal(np.asarray(img), np.asarray(other))


def _first_scan(content: bytes) -> tuple[int, int]:
    """Give the positions of a JPEG's first scan and of its frame."""
    at, frame = 2, 0
    while content[at : at + 2] not in (SCAN, b''):
        if content[at + 1 : at + 2] == b'\xff':  # a fill byte
            at += 1
            continue
        if content[at + 1 : at + 2] in FRAMES:
            frame = at
        at += 2 + int.from_bytes(content[at + 2 : at + 4], 'big')
    return at, frame


def ends_properly(content: bytes) -> bool:
    """Whether no marker but the end marker is near the end of a JPEG's scan.

    Another marker ends the decoding there. What is missing is grey then, but
    not if it is a part of the last blocks. The last bytes hold all of these.
    """
    begin = max(_first_scan(content)[0] + 2, len(content) - LAST_BLOCKS)
    found = MARKER.search(content, begin)
    return found is not None and found[0] == END


def _all_scans(content: bytes) -> bool:
    """Whether a progressive JPEG has all bits of all coefficients."""
    at, frame = _first_scan(content)
    parts = content[frame + 10 : frame + 10 + 3 * content[frame + 9] : 3]
    lacking = {(part, k) for part in parts for k in range(64)}
    while at >= 0 and lacking and at + 5 < len(content):
        number = content[at + 4]
        bands = content[at + 5 + 2 * number : at + 8 + 2 * number]
        if len(bands) == 3 and not bands[2] & 15:
            of = content[at + 5 : at + 5 + 2 * number : 2]
            band = range(bands[0], bands[1] + 1)
            lacking -= {(part, k) for part in of for k in band}
        at = content.find(SCAN, at + 2)
    return not lacking
