"""The colours of boxes and maps."""

from typing import NamedTuple

RGB = tuple[int, int, int]


class Palette(NamedTuple):
    """How predicted and true boxes and the score map are drawn.

    ``predicted`` and ``true`` are RGB, 0 to 255; ``heat`` is a colour map of
    matplotlib. A predicted box is always solid, a true one dashed.
    """

    predicted: RGB
    true: RGB
    heat: str


PALETTES = {
    # The paper's figures: predicted green, true red, on a rainbow.
    'paper': Palette((0, 210, 0), (235, 0, 0), 'jet'),
    # Okabe and Ito's sky blue and orange, which every kind of colour
    # blindness keeps apart, on a map that is read by its lightness.
    'colour-blind': Palette((86, 180, 233), (230, 159, 0), 'gray'),
}


def get_palette(name: str) -> Palette:
    """Look up a palette.

    Args:
        name (str): One of `PALETTES`.

    Raises:
        ValueError: There is no palette of that name; the message lists all.
    """
    if name not in PALETTES:
        raise ValueError(
            f'unknown palette {name!r}; valid palettes: {", ".join(PALETTES)}'
        )
    return PALETTES[name]
