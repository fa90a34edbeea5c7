"""The pixels that boxes are on: those stored in the file, or those seen.

A photograph's EXIF orientation turns it for whoever looks at it. A label
tool shows the turned image, and its boxes are on the grid 'seen'; ILSVRC
and CUB are annotated on the grid 'stored'. The annotated width and height
tell which it is, unless the turn keeps the size: by 180 degrees, a mirror
image, or a square. Then the data set says it.
"""

import numpy as np

from ..images.headers import Header

__all__ = ['GRIDS', 'OtherImageError', 'bring_to', 'turn_boxes']

GRIDS = ('stored', 'seen')
BACK = {6: 8, 8: 6}  # the others undo themselves
# Orientation to the matrix of stored (x, y) to seen ones, in shares of 1.
TURNS = {
    1: ((1, 0, 0), (0, 1, 0)),
    2: ((-1, 0, 1), (0, 1, 0)),
    3: ((-1, 0, 1), (0, -1, 1)),
    4: ((1, 0, 0), (0, -1, 1)),
    5: ((0, 1, 0), (1, 0, 0)),
    6: ((0, -1, 1), (1, 0, 0)),
    7: ((0, -1, 1), (-1, 0, 1)),
    8: ((0, 1, 0), (-1, 0, 1)),
}


class OtherImageError(ValueError):
    """An annotation has a size that its image cannot have had."""


def turn_boxes(
    boxes: np.ndarray, size: tuple[int, int], orientation: int
) -> np.ndarray:
    """Turn boxes with their image, from the grid 'stored' to 'seen'.

    Args:
        boxes (ndarray): Continuous corners on the stored image, ``(n, 4)``.
        size (tuple): Its width and height.
        orientation (int): EXIF's, 1 to 8. With ``BACK`` and the size as
            seen it turns them back.

    Returns:
        ndarray: Continuous corners on the image as seen, ``(n, 4)``.
    """
    w, h = size[::-1] if orientation >= 5 else size
    matrix = np.array(TURNS[orientation], float)
    shares = boxes.reshape(-1, 2, 2) / np.array(size, float)
    corners = (shares @ matrix[:, :2].T + matrix[:, 2]) * (w, h)
    corners.sort(axis=1)
    return corners.reshape(-1, 4).astype(boxes.dtype)


def bring_to(
    grid: str,
    boxes: np.ndarray,
    annotated: tuple[int, int] | None,
    header: Header,
    name: str,
    believed: str | None = None,
) -> np.ndarray:
    """Bring boxes to the pixels of an image file.

    An image that was shrunk or exported anew after it was annotated keeps
    its proportions, to the rounding of a pixel: its boxes are rescaled.

    Args:
        grid (str): The grid wanted, 'stored' or 'seen'.
        boxes (ndarray): Continuous corners as annotated, ``(n, 4)``.
        annotated (tuple, optional): The size (w, h) that is annotated.
        header (Header): Of the file.
        name (str): Of the image, for the message.
        believed (str, optional): The grid of the annotation where its size
            does not tell. Defaults to ``grid``.

    Returns:
        ndarray: Continuous corners, ``(n, 4)``.

    Raises:
        OtherImageError: The annotated size is out of proportion.
    """
    if header.orientation == 1 and annotated in (None, header.size):
        return boxes  # as most are
    first = believed or grid
    order = (first, *(g for g in GRIDS if g != first))
    source = first
    if annotated is not None:
        sizes = {g: header.size_on(g) for g in order}
        fits = [g for g in order if sizes[g] == tuple(annotated)]
        fits += [g for g in order if in_proportion(sizes[g], annotated)]
        if not fits:
            w, h = header.size_on(first)
            raise OtherImageError(
                f'image {name} is {w} x {h} pixels (width x height), but its '
                f'annotation says {annotated[0]} x {annotated[1]}, which is '
                'out of proportion: it was cropped or turned after it was '
                'annotated, or it is another image. Use the image that was '
                'annotated, or correct the annotated size.'
            )
        source = fits[0]
        scale = np.array(sizes[source], float) / annotated
        boxes = (boxes * np.tile(scale, 2)).astype(boxes.dtype)
    if source != grid and header.orientation != 1:
        orientation = header.orientation
        if source == 'seen':
            orientation = BACK.get(orientation, orientation)
        boxes = turn_boxes(boxes, header.size_on(source), orientation)
    return boxes


def in_proportion(one: tuple[int, int], two: tuple[int, int]) -> bool:
    """Whether two sizes (w, h) have one shape, to the rounding of a pixel."""
    off = abs(one[0] * two[1] - two[0] * one[1])
    return off <= max(sum(one), sum(two))
