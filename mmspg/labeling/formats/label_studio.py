"""Label Studio: tasks whose boxes are predictions for a person to correct."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from mmspg.labeling.label_set import LabelSet
from mmspg.labeling.records import LabelledImage

from .coco import write_list

__all__ = ['label_config', 'label_studio_task', 'write_label_studio']

# Results refer to the controls of the page by these names.
CONTROL, IMAGE, DATA = 'box', 'photo', 'image'
LOCAL = '/data/local-files/?d='


def label_config(classes: Sequence[str]) -> str:
    """Describe the page on which boxes of these classes are drawn."""
    view = Element('View')
    SubElement(view, 'Image', name=IMAGE, value=f'${DATA}', zoom='true')
    labels = SubElement(view, 'RectangleLabels', name=CONTROL, toName=IMAGE)
    for name in classes:
        SubElement(labels, 'Label', value=name)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding='unicode') + '\n'


def label_studio_task(
    image: LabelledImage, url: str, classes: Sequence[str]
) -> dict[str, Any]:
    """Make the task of an image, with one prediction that has all boxes.

    Args:
        image (LabelledImage): The image and its boxes.
        url (str): The address at which Label Studio finds it.
        classes (Sequence[str]): The names of all classes.

    Returns:
        dict: ``data`` and ``predictions``. Lengths are in percent of the
        sides of the image. The ``score`` of a prediction is that of its
        least sure box, so that the page can sort images by it.
    """
    width, height = image.size
    result = []
    for number, box in enumerate(image.boxes):
        x, y, w, h = box.xywh
        result.append(
            dict(
                id=f'{image.id}-{number}',
                type='rectanglelabels',
                from_name=CONTROL,
                to_name=IMAGE,
                original_width=width,
                original_height=height,
                image_rotation=0,
                score=box.sureness,
                value=dict(
                    x=100 * x / width,
                    y=100 * y / height,
                    width=100 * w / width,
                    height=100 * h / height,
                    rotation=0,
                    rectanglelabels=[classes[box.label]],
                ),
            )
        )
    least = min((box.sureness for box in image.boxes), default=0.0)
    return dict(
        data={DATA: url, 'name': image.name, 'split': image.split},
        predictions=[dict(model_version='mmspg', score=least, result=result)],
    )


def write_label_studio(label_set: LabelSet, folder: Path, final: Path) -> None:
    """Write ``train.json`` and so on, ``config.xml`` and ``images/``.

    The addresses are those of Label Studio's local files, whose root is the
    folder above the one that is written.
    """
    (folder / 'images').mkdir()
    root = final.parent

    def tasks(split):
        for image in label_set.images(split):
            name = label_set.place(image, folder / 'images')
            path = (final / 'images' / name).relative_to(root)
            url = LOCAL + quote(path.as_posix())
            yield label_studio_task(image, url, label_set.classes)

    for split in label_set.splits:
        with open(folder / f'{split}.json', 'w', encoding='utf-8') as file:
            write_list(file, tasks(split))
    used = [label_set.classes[label] for label in label_set.used]
    text = label_config(used)
    (folder / 'config.xml').write_text(text, encoding='utf-8')
