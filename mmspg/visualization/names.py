"""Name pictures after their images."""

import unicodedata
import zlib
from pathlib import Path
from urllib.parse import quote

__all__ = ['picture_name', 'safe_name']

LONGEST_NAME = 180  # bytes
ENCODED = '+%\\:*?"<>|'  # Windows allows only the first two in a file name


def safe_name(img_id: str) -> str:
    """Make a file name from an image id; different ids get different names.

    A '/' becomes '+'. Characters that a file name may not have or that cannot
    be seen, and '+' and '%' themselves, are percent-encoded. Names that are
    too long for a file system are cut, and end in a check sum.

    Example:
        >>> safe_name('Möwe groß/what?.jpg')
        'Möwe groß+what%3F.jpg'
    """
    name = ''.join(
        quote(c, safe='/', errors='surrogatepass')
        if c in ENCODED or not c.isprintable()
        else c
        for c in img_id
    ).replace('/', '+')
    content = name.encode()
    if len(content) > LONGEST_NAME:
        check = zlib.crc32(img_id.encode(errors='surrogatepass'))
        start = content[:LONGEST_NAME].decode(errors='ignore')
        name = f'{start}-{check:08x}'
    return name


def picture_name(img_id: str, taken: set[str], suffix: str = '.png') -> str:
    """Name a picture after its image.

    Args:
        img_id (str): The path of the image. Each '/' becomes '+'.
        taken (set[str]): Filled with the names, to keep them distinct.
        suffix (str): The suffix of the picture. Defaults to '.png'.

    Returns:
        str: The name. It contains the suffix of the image only if another
        image would have the same name without it, on a disk that ignores
        capitals or on any other.

    Examples:
        >>> picture_name('cats/a.jpg', set())
        'cats+a.png'
        >>> picture_name('a.jpg', {'a.png'})
        'a.jpg.png'
    """
    stem = Path(img_id).with_suffix('') if Path(img_id).name else img_id
    name = safe_name(str(stem))
    if _on_disk(f'{name}{suffix}') in taken:
        name = safe_name(img_id)
    while _on_disk(f'{name}{suffix}') in taken:
        name += '+'
    taken.add(_on_disk(f'{name}{suffix}'))
    return f'{name}{suffix}'


def _on_disk(name: str) -> str:
    """Make names alike that some disks take for one: capitals, accents."""
    return unicodedata.normalize('NFC', name.casefold())
