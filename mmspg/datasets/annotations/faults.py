"""The faults that annotations can have, and how to mend each.

A data set logs one line for each kind of fault when it is loaded;
``tools/misc/check_dataset.py`` lists every fault.
"""

from typing import NamedTuple

__all__ = ['DataError', 'Faults', 'Kind', 'Refusal', 'check_one_of']

EXAMPLES = 2


class Kind(NamedTuple):
    """A kind of fault: what is wrong, and what to do.

    ``note`` marks a kind that the loader mends by itself.
    """

    what: str
    mend: str
    note: bool = False


OUTSIDE = Kind(
    'box leaves its image, and is clipped to it',
    'If these are few, leave them. Otherwise check that boxes and images '
    'belong together.',
)
NOTHING_LEFT = Kind(
    'box has nothing left inside its image, and does not count',
    'Correct these lines or remove them.',
)
NO_BOX_LEFT = Kind(
    'image has no box left, and is left out of the test',
    'Give it a box, or remove it from the list.',
)
SHARES = Kind(
    'box is in shares of its image (0 to 1), not in pixels',
    'Multiply x by the width and y by the height of the image.',
)
LOST = Kind(
    'box has less than half of its area inside its image, and is clipped',
    'Check that these boxes are of these images.',
)
MOST_LOST = Kind(
    'box lies mostly outside its image, or is empty',
    'Most of the boxes do. They are of other images or of another '
    'resolution, or they are not in pixels. Give the boxes of these images, '
    'in pixels.',
)
OTHER_IMAGE = Kind(
    'annotated size is out of proportion with the image',
    'Use the images that were annotated, or correct the annotated sizes.',
)
RESCALED = Kind(
    'image has another size than was annotated, in proportion; its boxes '
    'are rescaled',
    'This is right if the images were shrunk after they were annotated.',
    note=True,
)
UNKNOWN_GRID = Kind(
    'image is turned by its EXIF tag, and nothing says whether its boxes '
    'are on the image as stored or as seen; they are taken as stored',
    "Write 'seen' or 'stored' into grid.txt beside image_ids.txt, or set "
    "grid='seen' or grid='stored' on the data set.",
)
EMPTY_BBOX = Kind(
    'annotation has no bbox, or an empty one, and does not count',
    'A bbox is [x, y, width, height], in pixels. Correct these lines or '
    'remove them.',
)
SAME_NAME = Kind(
    'category has the name of an earlier one, and both are taken as one class',
    'If they are two classes, give each its own name.',
)
REPEATED = Kind(
    'annotation has the id of an earlier one, and both are read',
    'If one replaces the other, remove the old one. Otherwise renumber them.',
)
UNREAD = Kind(
    'annotation of boxes cannot be read; training goes on without them',
    'Correct the file before you measure localization with it.',
)
NO_IMAGE = Kind(
    'class has no image to train on',
    'Add images of this class to the training split, or remove the class '
    'from the list of classes of all splits.',
)
OTHER_CLASS = Kind(
    'box is of another class than its image, and does not count',
    'If these are few, leave them. Otherwise check the names of the classes.',
)


class Faults(dict[Kind, list[str]]):
    """Faults by their kind; each says where it is."""

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
        ValueError: Says ``what`` the argument is, its value and the others.
    """
    if value not in allowed:
        raise ValueError(f'{what} must be one of {allowed}, got {value!r}.')


def sentence(kind: Kind, places: list[str]) -> str:
    """Say a kind of fault: count, two examples, the way to mend it."""
    examples = '; '.join(places[:EXAMPLES])
    rest = len(places) - EXAMPLES
    more = f'; and {rest} more' if rest > 0 else ''
    return f'{kind.what}: {len(places)} ({examples}{more}). {kind.mend}'
