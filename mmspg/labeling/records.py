"""A box with a class, an image with such boxes, and which of them to keep."""

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
    'unique_names',
]


class LabelledBox(NamedTuple):
    """A box that a model has found.

    ``label`` is the number of the class from 0, ``score`` its class score in
    [0, 1], and ``xyxy`` x0, y0, x1, y1 in inclusive pixels of the image as a
    person sees it. ``confidence``, where it is known, is the calibrated
    probability that the box is right.
    """

    label: int
    score: float
    xyxy: tuple[int, int, int, int]
    confidence: float | None = None

    @property
    def sureness(self) -> float:
        """The confidence or, where there is none, the score."""
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
        """Left, top, width and height in pixels, as COCO has them."""
        x0, y0, x1, y1 = self.edges
        return x0, y0, x1 - x0, y1 - y0

    @property
    def area(self) -> int:
        """In pixels."""
        _, _, width, height = self.xywh
        return width * height


class LabelledImage(NamedTuple):
    """An image and its boxes.

    ``id`` counts from 1, ``path`` is the file, ``name`` its path below the
    folder that was labelled, ``stem`` the name that it gets in the written
    sets, without a suffix and without folders. ``size`` is (w, h) as a
    person sees it. ``plain`` says that every program sees it so.
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
    """Which boxes are kept.

    ``min_score`` is compared with `LabelledBox.sureness`, ``min_area`` with
    the share of the image that the box covers, both in [0, 1]. Of more than
    ``max_boxes`` in an image the surest are kept.
    """

    min_score: float = 0.0
    min_area: float = 0.0
    max_boxes: int | None = None


def boxes_of(result: Mapping) -> list[LabelledBox]:
    """List the boxes of a result of `LocalizationInferencer`.

    Args:
        result (Mapping): With ``locations``. ``boxes`` of a location, if it
            has them, count instead of its ``box``.

    Returns:
        list[LabelledBox]: Without [0, 0, 0, 0], which is no box, and without
        the class `NOTHING`.
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
        boxes (Iterable[LabelledBox]): All that were found.
        size (tuple[int]): Width and height of the image.
        limits (Limits): What is asked of a box.

    Returns:
        tuple: The boxes that are kept, the surest first, and how many were
        left out for which reason.

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


def unique_names(classes: Sequence[str]) -> list[str]:
    """Tell classes of the same name apart by their numbers.

    ImageNet has two cranes, and most formats know a class by its name.

    Example:
        >>> unique_names(['crane', 'dog', 'crane'])
        ['crane (0)', 'dog', 'crane (2)']
    """
    count = Counter(classes)
    return [
        f'{name} ({label})' if count[name] > 1 else name
        for label, name in enumerate(classes)
    ]
