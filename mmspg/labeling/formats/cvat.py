"""CVAT for images 1.1: an XML file for each split."""

import json
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from mmspg.labeling.label_set import LabelSet
from mmspg.labeling.records import LabelledImage

__all__ = ['cvat_image', 'write_cvat']

# CVAT refuses attributes that the labels of its task do not declare.
SCORE = 'score'
ATTRIBUTE = dict(name=SCORE, mutable=False, input_type='text', values=[''])


def cvat_image(
    image: LabelledImage, number: int, file_name: str, classes: list[str]
) -> Element:
    """Describe the boxes of an image by their edges in pixels."""
    width, height = map(str, image.size)
    root = Element(
        'image', id=str(number), name=file_name, width=width, height=height
    )
    for box in image.boxes:
        x0, y0, x1, y1 = map(str, box.edges)
        found = SubElement(
            root,
            'box',
            label=classes[box.label],
            source='auto',
            occluded='0',
            xtl=x0,
            ytl=y0,
            xbr=x1,
            ybr=y1,
            z_order='0',
        )
        SubElement(found, 'attribute', name=SCORE).text = f'{box.sureness:.6g}'
    return root


def write_cvat(label_set: LabelSet, folder: Path, final: Path) -> None:
    """Write ``train.xml`` and so on, ``labels.json``, and ``images/``.

    The content of ``labels.json`` can be pasted into the 'Raw' tab of CVAT's
    constructor of labels.
    """
    names = [label_set.classes[label] for label in label_set.used]
    labels = [dict(name=name, attributes=[ATTRIBUTE]) for name in names]
    text = json.dumps(labels, ensure_ascii=False, indent=1)
    (folder / 'labels.json').write_text(text, encoding='utf-8')
    for split in label_set.splits:
        images = folder / 'images' / split
        images.mkdir(parents=True)
        with open(folder / f'{split}.xml', 'w', encoding='utf-8') as file:
            file.write('<?xml version="1.0" encoding="utf-8"?>\n')
            file.write('<annotations>\n<version>1.1</version>\n')
            file.write(tostring(_meta(split, names), 'unicode') + '\n')
            for number, image in enumerate(label_set.images(split)):
                name = label_set.place(image, images)
                found = cvat_image(image, number, name, label_set.classes)
                file.write(tostring(found, 'unicode') + '\n')
            file.write('</annotations>\n')


def _meta(split: str, names: list[str]) -> Element:
    meta = Element('meta')
    task = SubElement(meta, 'task')
    SubElement(task, 'name').text = split
    labels = SubElement(task, 'labels')
    for name in names:
        label = SubElement(labels, 'label')
        SubElement(label, 'name').text = name
        attributes = SubElement(label, 'attributes')
        attribute = SubElement(attributes, 'attribute')
        SubElement(attribute, 'name').text = SCORE
        SubElement(attribute, 'mutable').text = 'False'
        SubElement(attribute, 'input_type').text = 'text'
        SubElement(attribute, 'values').text = ''
    return meta
