"""The paper's Fig. 3: score maps, predicted and true boxes."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from .palette import Palette, get_palette
from .sheet_page import grid_page, shorten

COLUMNS = 4


def draw_fig3(
    examples: Sequence[dict], palette: str = 'paper', alpha: float = 0.5
) -> Figure:
    """Draw each image and, below it, its map with predicted and true box.

    Args:
        examples (Sequence[dict]): Each has ``image`` ``(H, W, 3)`` uint8
            RGB, ``score_map`` ``(H, W)`` in [0, 1], and ``box`` ``(4,)`` in
            inclusive pixels. It may have ``gt_boxes`` ``(n, 4)`` in
            inclusive pixels and a ``title``.
        palette (str): See `mmspg.visualization.PALETTES`. Defaults to
            'paper', where the predicted box is green and the true one red.
        alpha (float): Weight of the map; the image has the rest. Defaults
            to .5.

    Returns:
        Figure: A figure of Matplotlib; ``savefig`` writes PNG, PDF or SVG.
    """
    colours = get_palette(palette)
    columns = min(COLUMNS, len(examples))
    panels = [
        [example['image'] for example in examples],
        [_blend(example, colours, alpha) for example in examples],
    ]
    rows = []
    for start in range(0, len(examples), columns):
        rows += [row[start : start + columns] for row in panels]
    page, axes = grid_page(rows, columns)
    for i, example in enumerate(examples):
        row, column = divmod(i, columns)
        upper, lower = axes[2 * row][column], axes[2 * row + 1][column]
        upper.set_title(shorten(example.get('title', '')), fontsize=8)
        for box in example.get('gt_boxes', ()):
            _box(lower, box, colours.true, '--')
        _box(lower, example['box'], colours.predicted, '-')
    marks = [_mark('predicted', colours.predicted, '-')]
    if any(len(example.get('gt_boxes', ())) for example in examples):
        marks.append(_mark('true', colours.true, '--'))
    page.legend(
        handles=marks, loc='outside lower center', ncols=2, frameon=False
    )
    return page


def _blend(example, colours: Palette, alpha):
    heat = matplotlib.colormaps[colours.heat](example['score_map'])[..., :3]
    mixed = (1 - alpha) * example['image'] + alpha * 255 * heat
    return mixed.astype(np.uint8)


def _box(axes, box, colour, style) -> None:
    x0, y0, x1, y1 = np.asarray(box, float) + (-0.5, -0.5, 0.5, 0.5)
    for width, paint, line in ((3.2, 'black', '-'), (2, colour, style)):
        paint = paint if paint == 'black' else np.divide(paint, 255)
        axes.add_patch(
            Rectangle(
                (x0, y0),
                x1 - x0,
                y1 - y0,
                fill=False,
                edgecolor=paint,
                linewidth=width,
                linestyle=line,
            )
        )


def _mark(label, colour, style) -> Line2D:
    return Line2D(
        [], [], color=np.divide(colour, 255), ls=style, lw=2, label=label
    )
