"""The faults that annotations can have, and how to mend them.

A data set logs one line for each kind of fault when it is loaded.
``tools/misc/check_dataset.py`` lists every fault.
"""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    'DataError',
    'Faults',
    'Kind',
    'Refusal',
    'check_one_of',
    'counted',
]

EXAMPLES = 2


class Kind(NamedTuple):
    """A kind of fault: what is wrong, and what to do.

    ``what`` is a sentence without a full stop. ``note`` marks a kind that
    the loader mends by itself.
    """

    what: str
    mend: str
    note: bool = False


OUTSIDE = Kind(
    'A box leaves its image and is clipped to it',
    'If these are few, leave them. Otherwise check that boxes and images '
    'belong together.',
)
NOTHING_LEFT = Kind(
    'A box has no part inside its image and does not count',
    'Correct these lines or remove them.',
)
NO_BOX_LEFT = Kind(
    'An image has no box left and is left out of the test',
    'Give it a box, or remove it from the list.',
)
SHARES = Kind(
    'A box is in shares of its image (0 to 1), not in pixels',
    'Multiply x by the width and y by the height of the image.',
)
PERCENT = Kind(
    'A box is in percent of its image (0 to 100), not in pixels',
    'None of the boxes reaches beyond 100, and most of these images are '
    'larger than 200 pixels. Multiply x by width / 100 and y by height / 100.',
)
LOST = Kind(
    'A box has less than half of its area inside its image and is clipped',
    'Check that these boxes belong to these images.',
)
MOST_LOST = Kind(
    'A box lies far or mostly outside its image, or is empty or inverted',
    'These are too many. Usual causes: x y width height stands for the '
    'corners x0 y0 x1 y1, or corners or centres stand for x y width height; '
    'the boxes belong to other images or to another resolution; they are not '
    'in pixels. Give the boxes of these images in pixels. If they are right '
    'and were drawn beyond the border on purpose, clip them.',
)
OTHER_IMAGE = Kind(
    'An annotated size is out of proportion with the image',
    'Use the images that were annotated, or correct the annotated sizes.',
)
OTHER_MASK = Kind(
    'A mask has other proportions than its image',
    'A mask is squeezed to its image. So it must show the whole image, turned '
    'as the image is: use the masks of these images.',
)
RESCALED = Kind(
    'An image has another size than was annotated, but the same proportions, '
    'so its boxes are rescaled',
    'This is right if the images were shrunk after they were annotated.',
    note=True,
)
UNKNOWN_GRID = Kind(
    'An image is turned by its EXIF tag, and nothing says whether its boxes '
    'are on the image as stored or as seen. They are taken as stored',
    "Write 'seen' or 'stored' into grid.txt beside image_ids.txt, or set "
    "grid='seen' or grid='stored' on the data set.",
)
EMPTY_BBOX = Kind(
    'An annotation has no bbox or an empty one and does not count',
    'A bbox is [x, y, width, height], in pixels. Correct these lines or '
    'remove them.',
)
SAME_NAME = Kind(
    'A category has the name of an earlier one, so both are one class',
    'If they are two classes, give each its own name.',
)
REPEATED = Kind(
    'An annotation has the id of an earlier one, and both are read',
    'If one replaces the other, remove the old one. Otherwise renumber them.',
)
UNREAD = Kind(
    'An annotation of boxes cannot be read. Training goes on without it',
    'Correct the file before you measure localization with it.',
)
NO_IMAGE = Kind(
    'A class has no image to train on',
    'Add images of this class to the training split, or remove the class '
    'from the list of classes of all splits.',
)
NO_OBJECT = Kind(
    'An image has no box and is left out of the test',
    'Figures are then those of the images with a box. Annotate the others if '
    'they show an object.',
    note=True,
)
OTHER_CLASS = Kind(
    'A box has another class than its image and does not count',
    'If these are few, leave them. Otherwise check the names of the classes.',
)


class Faults(dict[Kind, list[str]]):
    """Faults by kind; each says where it is.

    Two lists repeat some of them as signs that boxes are read in a wrong
    form: ``far`` has boxes that leave their image by more than a twentieth
    of a side, and ``inverted`` those that end before they begin.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self.far: list[str] = []
        self.inverted: list[str] = []

    def add(self, kind: Kind, place: str) -> None:
        """Note a fault."""
        self.setdefault(kind, []).append(place)

    def sentences(self) -> list[str]:
        """Give a sentence for each kind; see :func:`sentence`."""
        return [sentence(kind, places) for kind, places in self.items()]


class DataError(ValueError):
    """A data set cannot be used as it is; the message says what to do."""


class Refusal(DataError):
    """Faults that make the figures of a whole data set meaningless."""

    def __init__(self, kind: Kind, places: list[str]):
        super().__init__(sentence(kind, places))
        self.kind = kind
        self.places = places


def check_one_of(what: str, value, allowed: tuple) -> None:
    """Refuse an argument that is not one of the allowed values.

    Raises:
        ValueError: The message has ``what``, the value and the allowed values.
    """
    if value not in allowed:
        raise ValueError(f'{what} must be one of {allowed}, got {value!r}.')


def sentence(kind: Kind, places: list[str]) -> str:
    """Say what is wrong, how often, two examples, and how to mend it."""
    examples = '; '.join(places[:EXAMPLES])
    rest = len(places) - EXAMPLES
    more = f'; and {rest} more' if rest > 0 else ''
    return f'{counted(kind.what, places)}: {examples}{more}. {kind.mend}'


def counted(what: str, places: Sequence[str]) -> str:
    """Say how often something is wrong.

    Example:
        >>> counted('A box is empty', ['boxes.txt:1', 'boxes.txt:7'])
        'A box is empty (2 times)'
    """
    times = 'once' if len(places) == 1 else f'{len(places)} times'
    return f'{what} ({times})'
