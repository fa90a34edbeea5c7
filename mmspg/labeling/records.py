"""Records of labelled boxes and images, and the choice of boxes to keep."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mmspg.datasets.annotations.class_lists import NOTHING

__all__ = [
    'LabelledBox',
    'LabelledImage',
    'Limits',
    'boxes_of',
    'keep',
]


class LabelledBox(NamedTuple):
    """A box that a model has found.

    ``label`` is the number of its class, counted from 0, and ``score`` its
    class score in [0, 1]. ``xyxy`` is x0, y0, x1, y1 in inclusive pixels of
    the image as a person sees it. ``confidence`` is the calibrated
    probability that the box is right, or None if it is not known.
    """

    label: int
    score: float
    xyxy: tuple[int, int, int, int]
    confidence: float | None = None

    @property
    def sureness(self) -> float:
        """The confidence, or the score if there is no confidence."""
        return self.score if self.confidence is None else self.confidence

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Where the pixels begin and end: x0, y0, x1 + 1, y1 + 1.

        Example:
            >>> LabelledBox(0, 1.0, (2, 3, 4, 5)).edges
            (2, 3, 5, 6)
        """
        x0, y0, x1, y1 = self.xyxy
        return x0, y0, x1 + 1, y1 + 1

    @property
    def xywh(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels, as in COCO."""
        x0, y0, x1, y1 = self.edges
        return x0, y0, x1 - x0, y1 - y0

    @property
    def area(self) -> int:
        """The area in pixels."""
        _, _, width, height = self.xywh
        return width * height


class LabelledImage(NamedTuple):
    """An image and its boxes.

    ``id`` counts from 1. ``path`` is the file, and ``name`` its path below
    the folder that was labelled. ``stem`` is its name in the written sets,
    without suffix and folders. ``size`` is (w, h) as a person sees it.
    ``plain`` tells whether every program sees the image alike.
    """

    id: int
    path: str
    name: str
    stem: str
    split: str
    size: tuple[int, int]
    plain: bool
    boxes: Sequence[LabelledBox]


class Limits(NamedTuple):
    """What a box must have to be kept.

    ``min_score`` is the least `LabelledBox.sureness`, and ``min_area`` the
    least share of the image that the box covers; both are in [0, 1]. If an
    image has more than ``max_boxes``, only the surest are kept.
    """

    min_score: float = 0.0
    min_area: float = 0.0
    max_boxes: int | None = None


def boxes_of(result: Mapping) -> list[LabelledBox]:
    """List the boxes of a result of `LocalizationInferencer`.

    Args:
        result (Mapping): A result with ``locations``. If a location has
            ``boxes``, they are taken instead of its ``box``.

    Returns:
        list[LabelledBox]: The boxes. The class `NOTHING` is left out, and so
        is [0, 0, 0, 0], which means that there is no box.
    """
    return [
        LabelledBox(
            location['label'],
            location['score'],
            (int(x0), int(y0), int(x1), int(y1)),
            location.get('confidence'),
        )
        for location in result['locations']
        if location.get('class') != NOTHING
        for x0, y0, x1, y1 in location.get('boxes', [location['box']])
        if any((x0, y0, x1, y1))
    ]


def keep(
    boxes: Iterable[LabelledBox], size: tuple[int, int], limits: Limits
) -> tuple[list[LabelledBox], Counter]:
    """Choose the boxes of an image that are worth writing.

    Args:
        boxes (Iterable[LabelledBox]): All boxes that were found.
        size (tuple[int]): Width and height of the image.
        limits (Limits): What a box must have to be kept.

    Returns:
        tuple: The boxes that are kept, the surest first, and a counter of
        the reasons for which others were left out.

    Example:
        >>> box = LabelledBox(0, 0.3, (0, 0, 9, 9))
        >>> keep([box], (20, 20), Limits(min_score=0.5))
        ([], Counter({'a score below 0.5': 1}))
    """
    kept, left_out = [], Counter()
    whole = size[0] * size[1]
    for box in sorted(boxes, key=lambda box: -box.sureness):
        if box.sureness < limits.min_score:
            left_out[f'a score below {limits.min_score:g}'] += 1
        elif box.area < limits.min_area * whole:
            left_out[f'less than {limits.min_area:g} of the image'] += 1
        elif limits.max_boxes is not None and len(kept) >= limits.max_boxes:
            left_out[f'more than {limits.max_boxes} in the image'] += 1
        else:
            kept.append(box)
    return kept, left_out
