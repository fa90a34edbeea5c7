"""YOLO for ultralytics: a text file for each image, and ``data.yaml``."""

import json
from collections.abc import Iterable
from pathlib import Path

from mmspg.labeling.label_set import LabelSet
from mmspg.labeling.records import LabelledBox

__all__ = ['write_yolo', 'yolo_lines']


def yolo_lines(
    boxes: Iterable[LabelledBox], size: tuple[int, int]
) -> list[str]:
    """Write each box of an image as a line.

    Args:
        boxes (Iterable[LabelledBox]): The boxes.
        size (tuple[int]): Width and height of the image.

    Returns:
        list[str]: ``class x y width height``, where x and y are the centre,
        and all four are shares of the sides of the image.

    Example:
        >>> yolo_lines([LabelledBox(3, 1.0, (0, 0, 9, 9))], (40, 20))
        ['3 0.125000 0.250000 0.250000 0.500000']
    """
    width, height = size
    lines = []
    for box in boxes:
        x0, y0, x1, y1 = box.edges
        shares = (
            (x0 + x1) / 2 / width,
            (y0 + y1) / 2 / height,
            (x1 - x0) / width,
            (y1 - y0) / height,
        )
        lines.append(' '.join([str(box.label), *(f'{s:.6f}' for s in shares)]))
    return lines


def write_yolo(label_set: LabelSet, folder: Path, final: Path) -> None:
    """Write ``images/train/``, ``labels/train/``, and ``data.yaml``.

    An image without a box gets an empty file, as an example of background.
    """
    for split in label_set.splits:
        images = folder / 'images' / split
        labels = folder / 'labels' / split
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for image in label_set.images(split):
            name = label_set.place(image, images)
            lines = yolo_lines(image.boxes, image.size)
            text = ''.join(f'{line}\n' for line in lines)
            (labels / name).with_suffix('.txt').write_text(text)
    # JSON is valid YAML.
    lines = [f'path: {json.dumps(str(final), ensure_ascii=False)}']
    lines += [f'{split}: images/{split}' for split in label_set.splits]
    lines += ['names:']
    lines += [
        f'  {label}: {json.dumps(name, ensure_ascii=False)}'
        for label, name in enumerate(label_set.classes)
    ]
    text = ''.join(f'{line}\n' for line in lines)
    (folder / 'data.yaml').write_text(text, encoding='utf-8')
