"""Lay several pictures on one sheet."""

from collections.abc import Sequence

import numpy as np


def draw_sheet(
    images: Sequence[np.ndarray], columns: int, gap: int = 8
) -> np.ndarray:
    """Lay pictures out in a grid, row by row, on white.

    Every row is as high as its highest picture, and every column as wide as
    its widest. Pictures keep their size. They stand at the top of their row
    and in the middle of their column.

    Args:
        images (Sequence[np.ndarray]): Each ``(h, w, 3)`` uint8.
        columns (int): Pictures in a row, at least 1.
        gap (int): White pixels between pictures. Defaults to 8.

    Returns:
        np.ndarray: ``(H, W, 3)`` uint8.

    Raises:
        ValueError: There is no picture, or no column to put it in.
    """
    if not len(images) or columns < 1:
        raise ValueError(
            'a sheet needs at least one picture and one column, got '
            f'{len(images)} pictures and columns={columns}'
        )
    rows = [images[i : i + columns] for i in range(0, len(images), columns)]
    heights = [max(image.shape[0] for image in row) for row in rows]
    widths = [
        max(image.shape[1] for image in images[i::columns])
        for i in range(len(rows[0]))
    ]
    size = (
        sum(heights) + gap * (len(heights) - 1),
        sum(widths) + gap * (len(widths) - 1),
    )
    sheet = np.full((*size, 3), 255, np.uint8)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for image, width in zip(row, widths, strict=False):
            h, w = image.shape[:2]
            x = left + (width - w) // 2
            sheet[top : top + h, x : x + w] = image
            left += width + gap
        top += height + gap
    return sheet
