"""Read the text files of a split in the format of the WSOL benchmark.

The corners of boxes are inclusive pixels. Images are given by their paths,
which may contain commas.
"""

from .formats import (
    Box,
    integer,
    numbers,
    read_columns,
    read_lines,
    read_table,
)
from .paths import inside

__all__ = ['has_boxes', 'read_boxes', 'read_ids', 'read_masks', 'read_sizes']

BOX = "'path,x0,y0,x1,y1' with numbers"
MASK = "'path,mask,ignore' or 'path,x0,y0,x1,y1'"


def read_ids(path: str) -> dict[str, str]:
    """Read image_ids.txt: ``{image: 'file:line'}``.

    Raises:
        ValueError: An image occurs twice.
    """
    images = {}
    for where, image in read_lines(path):
        if image in images:
            raise ValueError(
                f'{where}: the image {image!r} is also in {images[image]}. '
                'Remove one of the lines.'
            )
        images[image] = where
    return images


def read_sizes(path: str) -> dict[str, tuple[int, int]]:
    """Read image_sizes.txt: ``{image: (w, h)}``.

    Raises:
        ValueError: A line is malformed, or an image occurs twice.
    """
    sizes = {}
    for image, (where, texts) in read_table(
        path, 3, "'path,width,height'", ','
    ).items():
        w, h = (integer(t, where, 'a size in pixels', 1) for t in texts)
        sizes[image] = w, h
    return sizes


def has_boxes(path: str) -> bool:
    """Whether the first line of localization.txt is a box, not a mask."""
    first = next((line for _, line in read_lines(path)), '')
    return first.count(',') >= 4


def read_boxes(path: str) -> dict[str, list[Box]]:
    """Read a localization.txt that has one box in each line.

    Raises:
        ValueError: A line is malformed.
    """
    boxes: dict[str, list[Box]] = {}
    for where, (image, *corners) in read_columns(path, 5, BOX, ','):
        box = Box(numbers(corners, where, BOX), where)
        boxes.setdefault(image, []).append(box)
    return boxes


def read_masks(
    path: str, root: str
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Read a localization.txt that has one mask in each line.

    Args:
        path (str): The file.
        root (str): The root of the masks.

    Returns:
        tuple: ``{image: paths of the masks of its objects}``, and ``{image:
        path of the mask of the pixels to ignore}`` for images that have one.

    Raises:
        ValueError: A line is malformed, a path is outside the root, or an
            image has a second ignore mask.
    """
    masks: dict[str, list[str]] = {}
    ignored: dict[str, str] = {}
    for where, (image, mask, ignore) in read_columns(path, 3, MASK, ','):
        masks.setdefault(image, []).append(inside(root, mask, where))
        if ignore:  # in one line of each image
            if image in ignored:
                raise ValueError(
                    f'{where}: the image {image!r} has a second ignore mask.'
                )
            ignored[image] = inside(root, ignore, where)
    return masks, ignored
