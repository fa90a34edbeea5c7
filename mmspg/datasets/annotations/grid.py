"""The pixels that boxes are on: those stored in the file, or those seen.

The EXIF orientation of a photograph says how to turn it for display. A
labeling tool shows the turned image, so its boxes are on the grid 'seen'.
ILSVRC and CUB are annotated on the grid 'stored'. The annotated width and
height tell which grid it is, unless turning keeps the size: when it is by 180
degrees or a mirror image, or when the image is square. The data set says
which grid it is then.
"""

import numpy as np

from ..images.headers import Header

__all__ = ['GRIDS', 'OtherImageError', 'bring_to', 'turn_boxes']

GRIDS = ('stored', 'seen')
BACK = {6: 8, 8: 6}  # what undoes an orientation; the others undo themselves
# For each orientation, the matrix from stored to seen (x, y), where both
# sides of the image have length 1.
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
    """The annotated size is one that the image cannot have had."""


def turn_boxes(
    boxes: np.ndarray, size: tuple[int, int], orientation: int
) -> np.ndarray:
    """Turn boxes with their image, from the grid 'stored' to 'seen'.

    Args:
        boxes (ndarray): Continuous corners on the stored image, ``(n, 4)``.
        size (tuple): The width and height of the stored image.
        orientation (int): The EXIF orientation, 1 to 8. To turn boxes back,
            give the size as seen and the orientation of ``BACK``.

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

    If the image was resized after it was annotated, its proportions are
    still the same up to the rounding of a pixel, and its boxes are rescaled.

    Args:
        grid (str): The grid to bring the boxes to, 'stored' or 'seen'.
        boxes (ndarray): Continuous corners as annotated, ``(n, 4)``.
        annotated (tuple, optional): The annotated size (w, h).
        header (Header): The header of the file.
        name (str): The name of the image, for the message.
        believed (str, optional): The grid of the annotation if its size
            does not tell. Defaults to ``grid``.

    Returns:
        ndarray: Continuous corners, ``(n, 4)``.

    Raises:
        OtherImageError: The annotated size is out of proportion with the
            image.
    """
    if header.orientation == 1 and annotated in (None, header.size):
        return boxes  # nothing to change, as for most images
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
    """Whether two sizes (w, h) have the same proportions, up to rounding."""
    off = abs(one[0] * two[1] - two[0] * one[1])
    return off <= max(sum(one), sum(two))
