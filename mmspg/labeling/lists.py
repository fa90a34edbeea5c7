"""Write CSV lists of all boxes, and of the images to look at."""

import csv
from array import array
from pathlib import Path

import numpy as np

from mmspg.datasets.annotations.class_lists import NOTHING

from .label_set import LabelSet
from .records import LabelledBox, LabelledImage

__all__ = ['write_boxes', 'write_review']

HEADER = 'image split class score confidence x0 y0 x1 y1 width height'.split()


def _row(label_set: LabelSet, image: LabelledImage, box: LabelledBox | None):
    if box is None:
        return [image.name, image.split, *[''] * 7, *image.size]
    return [
        image.name,
        image.split,
        label_set.classes[box.label],
        f'{box.score:.6g}',
        '' if box.confidence is None else f'{box.confidence:.6g}',
        *box.xyxy,
        *image.size,
    ]


def _write(path: Path, rows) -> None:
    with open(path, 'w', encoding='utf-8', newline='') as file:
        csv.writer(file).writerows(rows)


def write_boxes(label_set: LabelSet, path: Path) -> None:
    """Write a CSV file with one row for each box that is kept.

    Corners are inclusive pixels of the image as a person sees it.
    """

    def rows():
        yield HEADER
        for image in label_set.images():
            for box in image.boxes:
                yield _row(label_set, image, box)

    _write(path, rows())


def write_review(label_set: LabelSet, path: Path, below: float) -> int:
    """Write a CSV file of the images that a person should look at.

    These are the images with a box whose sureness is below a limit, and the
    images without a box that are not in a folder `NOTHING`. The most
    doubtful image comes first.

    Args:
        label_set (LabelSet): All images.
        path (Path): The file to write. Each row has an image and its least
            sure box.
        below (float): The limit, in [0, 1].

    Returns:
        int: The number of images in the list.
    """
    ids, doubts = array('q'), array('d')
    for image in label_set.images():
        if NOTHING in image.name.split('/')[:-1]:
            continue
        least = min((box.sureness for box in image.boxes), default=0.0)
        if least < below or not image.boxes:
            ids.append(image.id)
            doubts.append(least)
    order = np.argsort(np.asarray(doubts), kind='stable')

    def rows():
        yield HEADER
        for i in order:
            image = label_set.with_kept(label_set.store.get(ids[i]))
            least_sure = image.boxes[-1] if image.boxes else None
            yield _row(label_set, image, least_sure)

    _write(path, rows())
    return len(ids)
