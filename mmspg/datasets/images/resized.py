"""The mark that a resized copy of an image bears: the size it had.

``tools/dataset_converters/resize_images.py`` writes it as the comment of the
file, so that boxes, which are in pixels of the original, still fit.
"""

import re

from PIL import Image

MARK = 'mmspg: resized from {} x {}'
PATTERN = re.compile(MARK.format(r'([1-9]\d{0,5})', r'([1-9]\d{0,5})'))


def mark_of(size: tuple[int, int]) -> str:
    """Give the mark of a copy of an image of ``size`` (w, h).

    Example:
        >>> mark_of((500, 375))
        'mmspg: resized from 500 x 375'
    """
    return MARK.format(*size)


def original_size(img: Image.Image) -> tuple[int, int]:
    """Look up the size (w, h) of the image that this is a copy of.

    Args:
        img (Image): As opened; JPEG and PNG have such comments.

    Returns:
        tuple: What the mark says, or the image's own size without one.
    """
    comment = img.info.get('comment', img.info.get('Comment', ''))
    if isinstance(comment, bytes):
        comment = comment.decode('latin-1')
    found = PATTERN.fullmatch(str(comment).strip())
    return (int(found[1]), int(found[2])) if found else img.size
