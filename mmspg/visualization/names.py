"""Name pictures after their images."""

import zlib
from pathlib import Path
from urllib.parse import quote

__all__ = ['picture_name', 'safe_name']

LONGEST_NAME = 180


def safe_name(img_id: str) -> str:
    """Make a file name from an image id; different ids get different names.

    A '/' becomes '+'. Other characters that a file name may not have, and '+'
    and '%' themselves, are percent-encoded. Names that are too long for a
    file system are cut, and end in a check sum.

    Example:
        >>> safe_name('n01440764/a b.JPEG')
        'n01440764+a%20b.JPEG'
    """
    name = quote(img_id, safe='', errors='surrogatepass').replace('%2F', '+')
    if len(name) > LONGEST_NAME:
        check = zlib.crc32(img_id.encode(errors='surrogatepass'))
        name = f'{name[:LONGEST_NAME]}-{check:08x}'
    return name


def picture_name(img_id: str, taken: set[str], suffix: str = '.png') -> str:
    """Name a picture after its image.

    Args:
        img_id (str): The path of the image. Each '/' becomes '+'.
        taken (set[str]): The names of other pictures. The new one is added.
        suffix (str): The suffix of the picture. Defaults to '.png'.

    Returns:
        str: The name. It contains the suffix of the image only if another
        image would have the same name without it.

    Examples:
        >>> picture_name('cats/a.jpg', set())
        'cats+a.png'
        >>> picture_name('a.jpg', {'a.png'})
        'a.jpg.png'
    """
    stem = Path(img_id).with_suffix('') if Path(img_id).name else img_id
    name = f'{safe_name(str(stem))}{suffix}'
    if name in taken:
        name = f'{safe_name(img_id)}{suffix}'
    taken.add(name)
    return name
