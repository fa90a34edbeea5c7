"""Pascal VOC: an XML file for each image, in the folders of the devkit."""

from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from mmspg.labeling.label_set import LabelSet
from mmspg.labeling.records import LabelledImage

__all__ = ['voc_annotation', 'write_voc']

# torchvision reads the test part of this year only.
YEAR = 'VOC2007'


def voc_annotation(
    image: LabelledImage, file_name: str, classes: list[str]
) -> Element:
    """Describe the boxes of an image in the manner of VOC.

    Pixels are counted from 1, and corners are inclusive.
    """
    root = Element('annotation')
    _put(root, folder=YEAR, filename=file_name)
    width, height = image.size
    _put(SubElement(root, 'size'), width=width, height=height, depth=3)
    _put(root, segmented=0)
    for box in image.boxes:
        item = SubElement(root, 'object')
        _put(item, name=classes[box.label], pose='Unspecified')
        _put(item, truncated=0, difficult=0)
        x0, y0, x1, y1 = (corner + 1 for corner in box.xyxy)
        _put(SubElement(item, 'bndbox'), xmin=x0, ymin=y0, xmax=x1, ymax=y1)
        _put(item, score=box.score)
        if box.confidence is not None:
            _put(item, confidence=box.confidence)
    return root


def _put(parent: Element, **values) -> None:
    for key, value in values.items():
        SubElement(parent, key).text = str(value)


def write_voc(label_set: LabelSet, folder: Path, final: Path) -> None:
    """Write ``VOCdevkit/VOC2007`` with images, annotations and splits.

    All images are written as JPEG, because readers of VOC look for files
    that end in '.jpg'.
    """
    root = folder / 'VOCdevkit' / YEAR
    images, annotations = root / 'JPEGImages', root / 'Annotations'
    lists = root / 'ImageSets' / 'Main'
    for path in (images, annotations, lists):
        path.mkdir(parents=True)
    for split in label_set.splits:
        with open(lists / f'{split}.txt', 'w', encoding='utf-8') as file:
            for image in label_set.images(split):
                name = label_set.place(image, images, jpeg_only=True)
                found = voc_annotation(image, name, label_set.classes)
                ElementTree.indent(found)
                ElementTree.ElementTree(found).write(
                    annotations / f'{image.stem}.xml', encoding='utf-8'
                )
                file.write(f'{image.stem}\n')
    names = ''.join(f'{name}\n' for name in label_set.classes)
    (root / 'classes.txt').write_text(names, encoding='utf-8')
