"""Size and orientation of an image, without decoding it.

A copy that ``tools/dataset_converters/resize_images.py`` has written names
the size of its original in a comment. Boxes are in pixels of the original, so
this is the size that is given here.
"""

import io
import re
from typing import NamedTuple

import mmengine.fileio as fileio
from PIL import Image

from .file_formats import open_image
from .synthetic_drawing import SCHEME

ORIENTATION = 0x0112  # the EXIF tag
MARK = 'mmspg: resized from {} x {}'
PATTERN = re.compile(MARK.format(r'([1-9]\d{0,5})', r'([1-9]\d{0,5})'))


class Header(NamedTuple):
    """What the first bytes of an image file say.

    ``size`` (w, h) is the size of the stored image, or for a resized copy
    the size of its original. ``orientation`` is EXIF's, 1 to 8.
    """

    size: tuple[int, int]
    orientation: int = 1

    def size_on(self, grid: str) -> tuple[int, int]:
        """Give the size (w, h) on a grid, 'stored' or 'seen'."""
        turned = grid == 'seen' and self.orientation >= 5
        return self.size[::-1] if turned else self.size


def read_header(path: str, backend_args: dict | None = None) -> Header | None:
    """Read size and orientation of an image file without decoding it.

    Args:
        path (str): Path, or URL of a file backend.
        backend_args (dict, optional): See :func:`mmengine.fileio.get`.

    Returns:
        Header | None: None if the file is not an image, or if the image is
        drawn.
    """
    if path.startswith(SCHEME):
        return None
    try:
        with (
            io.BytesIO(fileio.get(path, backend_args=backend_args))
            if backend_args or '://' in path
            else open(path, 'rb') as file,
            open_image(file, path) as image,
        ):
            orientation = image.getexif().get(ORIENTATION, 1)
            # Pillow turns a TIFF by itself.
            if orientation not in range(1, 9) or image.format == 'TIFF':
                orientation = 1
            return Header(original_size(image), orientation)
    except Exception:  # Pillow can raise any error on a broken file
        return None


def mark_of(size: tuple[int, int]) -> str:
    """Give the comment for a copy of an image of ``size`` (w, h).

    Example:
        >>> mark_of((500, 375))
        'mmspg: resized from 500 x 375'
    """
    return MARK.format(*size)


def original_size(img: Image.Image) -> tuple[int, int]:
    """Look up the size (w, h) of the image that this is a copy of.

    Args:
        img (Image): An open image; JPEG and PNG can have such comments.

    Returns:
        tuple: The size in the comment, or without one the image's own size.
    """
    comment = img.info.get('comment', img.info.get('Comment', ''))
    if isinstance(comment, bytes):
        comment = comment.decode('latin-1')
    found = PATTERN.fullmatch(str(comment).strip())
    return (int(found[1]), int(found[2])) if found else img.size
