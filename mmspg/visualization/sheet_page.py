"""Lay panels out on a page for print, where text stays text."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

PANEL = 1.6  # inches
MAX_PIXELS = 640  # longer side of a panel; print does not show more


def grid_page(rows: Sequence[Sequence[np.ndarray]], columns: int):
    """Lay pictures out in rows. The highest picture sets a row's height.

    Args:
        rows (Sequence): Pictures ``(h, w, 3)`` or ``(h, w)`` uint8; the
            last row may be shorter.
        columns (int): Pictures in a full row.

    Returns:
        tuple[Figure, list[list[Axes]]]: The figure, and axes in pixels of
        the pictures.
    """
    heights = [
        max(np.clip(p.shape[0] / p.shape[1], 0.3, 2) for p in row)
        for row in rows
    ]
    page = Figure(
        figsize=(PANEL * columns + 0.2, PANEL * sum(heights) + 0.6),
        layout='constrained',
        dpi=200,
    )
    axes = page.subplots(
        len(rows), columns, squeeze=False, height_ratios=heights
    )
    for row, line in zip(rows, axes, strict=True):
        for one in line:
            one.set_axis_off()
        for picture, one in zip(row, line, strict=False):
            step = max(1, -(-max(picture.shape[:2]) // MAX_PIXELS))
            h, w = picture.shape[:2]
            one.imshow(
                picture[::step, ::step],
                cmap='gray',
                vmin=0,
                vmax=255,
                extent=(-0.5, w - 0.5, h - 0.5, -0.5),
            )
    return page, axes.tolist()


def shorten(text: str, room: int = 26) -> str:
    """Cut a long title in the middle, and escape signs of math."""
    if len(text) > room:
        text = f'{text[: room // 2]}…{text[-room // 2 + 1 :]}'
    return text.replace('$', r'\$')
