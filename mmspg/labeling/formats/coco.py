"""COCO's instances: a JSON file and a folder of images for each split."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmspg.labeling.label_set import LabelSet
from mmspg.labeling.records import LabelledBox

__all__ = [
    'coco_annotations',
    'write_coco',
    'write_list',
    'write_object',
]


def coco_annotations(
    boxes: Iterable[LabelledBox], image_id: int, first_id: int = 1
) -> Iterator[dict]:
    """Give COCO's row for each box of an image.

    Args:
        boxes (Iterable[LabelledBox]): The boxes.
        image_id (int): The id of the image, from 1.
        first_id (int): The id of the first row. Defaults to 1.

    Yields:
        dict: ``id``, ``image_id``, ``category_id`` (the class from 1),
        ``bbox`` [x, y, width, height] in pixels, ``area``, ``iscrowd``,
        ``score`` and, if it is known, ``confidence``.
    """
    for id, box in enumerate(boxes, first_id):
        row: dict[str, Any] = dict(
            id=id,
            image_id=image_id,
            category_id=box.label + 1,
            bbox=list(box.xywh),
            area=box.area,
            iscrowd=0,
            score=box.score,
        )
        if box.confidence is not None:
            row['confidence'] = box.confidence
        yield row


def write_coco(label_set: LabelSet, folder: Path, final: Path) -> None:
    """Write ``annotations/train.json`` and ``train/``, and so for each split.

    Ids of images and boxes are unique over all splits.
    """
    (folder / 'annotations').mkdir()
    first = 1

    def image_rows(split):
        for image in label_set.images(split):
            name = label_set.place(image, folder / split)
            width, height = image.size
            yield dict(id=image.id, file_name=name, width=width, height=height)

    def box_rows(split):
        nonlocal first
        for image in label_set.images(split):
            yield from coco_annotations(image.boxes, image.id, first)
            first += len(image.boxes)

    for split in label_set.splits:
        (folder / split).mkdir()
        write_object(
            folder / 'annotations' / f'{split}.json',
            info=dict(description='boxes found by mmspg', split=split),
            categories=[
                dict(id=number, name=name)
                for number, name in enumerate(label_set.classes, 1)
            ],
            images=image_rows(split),
            annotations=box_rows(split),
        )


def write_object(path: Path, **parts) -> None:
    """Write a JSON object; see `write_list` for its lists and iterators."""
    with open(path, 'w', encoding='utf-8') as file:
        file.write('{')
        for i, (key, value) in enumerate(parts.items()):
            file.write(f'{"," if i else ""}\n{json.dumps(key)}: ')
            if isinstance(value, (Iterator, list)):
                write_list(file, value)
            else:
                file.write(_json(value))
        file.write('\n}\n')


def write_list(file, rows: Iterable) -> None:
    """Write a JSON list with one row in each line, without holding it."""
    file.write('[')
    for i, row in enumerate(rows):
        file.write(',\n' if i else '\n')
        file.write(_json(row))
    file.write('\n]')


def _json(value) -> str:
    """Give JSON; bytes of a file name that are not UTF-8 are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text.encode('utf-8', 'backslashreplace').decode()
