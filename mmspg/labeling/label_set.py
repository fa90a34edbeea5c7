"""A set of labelled images, and how it is written to a folder."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmspg.datasets.annotations.class_lists import NOTHING, unique_names

from . import photographs
from .records import LabelledBox, LabelledImage, Limits, keep
from .store import Store

__all__ = ['LabelSet', 'Summary', 'write']


@dataclass
class Summary:
    """The numbers of images and boxes in a set.

    Attributes:
        images (Counter): The number of images in each split.
        empty (int): The number of images without a box.
        boxes (Counter): The number of boxes of each class label.
        left_out (Counter): The number of boxes that were left out for each
            reason.
        calibrated (bool): Whether every box has a confidence.
    """

    images: Counter = field(default_factory=Counter)
    empty: int = 0
    boxes: Counter = field(default_factory=Counter)
    left_out: Counter = field(default_factory=Counter)
    calibrated: bool = True


class LabelSet:
    """The images of a store with the boxes that are kept.

    Args:
        store (Store): The store, which has been filled.
        classes (Sequence[str]): The names of all classes of the model.
        limits (Limits): Which boxes are kept. By default all are.
        how (str): One of `photographs.HOW`. Defaults to 'link'.

    Attributes:
        classes (list[str]): The names without `NOTHING`, which is not the
            class of an object. If two classes share a name, their numbers
            are added to it.
    """

    def __init__(
        self,
        store: Store,
        classes: Sequence[str],
        limits: Limits | None = None,
        how: str = 'link',
    ):
        self.store = store
        kept = [n for n, name in enumerate(classes) if name != NOTHING]
        self.classes = unique_names([classes[n] for n in kept])
        self._numbers = {n: number for number, n in enumerate(kept)}
        self.limits = limits or Limits()
        self.how = how
        self._summary: Summary | None = None

    @property
    def splits(self) -> list[str]:
        """The names of the splits that have images, in the usual order."""
        return list(self.store.splits())

    def images(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yield the images with their boxes, the surest box first."""
        for image in self.store.read(split):
            yield self.with_kept(image)

    def with_kept(self, image: LabelledImage) -> LabelledImage:
        """Reduce an image to the kept boxes, with the labels of the set."""
        return image._replace(boxes=self._kept(image)[0])

    def _kept(self, image: LabelledImage) -> tuple[list[LabelledBox], Counter]:
        boxes = [
            box._replace(label=self._numbers[box.label])
            for box in image.boxes
            if box.label in self._numbers
        ]
        return keep(boxes, image.size, self.limits)

    @property
    def summary(self) -> Summary:
        """The numbers of images and boxes, which are counted only once."""
        if self._summary is None:
            self._summary = summary = Summary()
            for image in self.store.read():
                kept, left_out = self._kept(image)
                summary.images[image.split] += 1
                summary.empty += not kept
                summary.boxes.update(box.label for box in kept)
                summary.left_out.update(left_out)
                summary.calibrated &= all(
                    box.confidence is not None for box in kept
                )
        return self._summary

    @property
    def used(self) -> list[int]:
        """The numbers of the classes that have a box."""
        return sorted(self.summary.boxes)

    def place(
        self, image: LabelledImage, folder: Path, jpeg_only: bool = False
    ) -> str:
        """Put an image into a folder; see `photographs.place`."""
        return photographs.place(image, folder, self.how, jpeg_only)


def write(
    label_set: LabelSet,
    out: Path,
    write_format: Callable[[LabelSet, Path, Path], None],
) -> None:
    """Write a set such that its folder is complete or does not exist.

    Args:
        label_set (LabelSet): The images and boxes.
        out (Path): The folder to write. If it exists, it is replaced.
        write_format (Callable): One of `mmspg.labeling.formats.FORMATS`. It
            takes the set, a temporary folder to write to, and ``out``, to
            which that folder will be renamed.
    """
    out = Path(os.path.abspath(out))
    unfinished = out.with_name(f'{out.name}.unfinished')
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write_format(label_set, unfinished, out)
    shutil.rmtree(out, ignore_errors=True)
    os.replace(unfinished, out)
