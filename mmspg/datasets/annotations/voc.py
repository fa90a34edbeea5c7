"""Read VOC-style XML annotations, one file for each image."""

import re
import xml.parsers.expat
from typing import NamedTuple
from xml.etree import ElementTree

from .boxes import check_shares
from .class_lists import check_name
from .formats import (
    AnnotatedImage,
    Box,
    encoding_of,
    fail,
    integer,
    numbers,
)

__all__ = ['VOCImage', 'annotated', 'read_voc_xml', 'voc_origin']

MAX_DEPTH = 32
MAX_BYTES = 2**20  # an annotation has a few KiB, and parsed 100 times that
DECLARED = re.compile(
    rb'\s*<\?xml[^>]*?encoding\s*=\s*["\']([\w.:-]+)["\']', re.ASCII
)
# A file that declares the smaller set of characters often uses the larger.
LARGER = {'gb2312': 'gb18030', 'gbk': 'gb18030'}


class VOCImage(NamedTuple):
    """The content of a VOC annotation.

    ``size`` is (w, h), or None if the file has zeros. ``boxes`` are inclusive
    corners as the file has them, which may count pixels from 0 or from 1.
    ``database`` is where the file says it comes from.
    """

    size: tuple[int, int] | None
    names: list[str]
    boxes: list[Box]
    database: str = ''


def read_voc_xml(path: str) -> VOCImage:
    """Read a VOC-style XML annotation; corners are inclusive pixels.

    The corners are as the file has them. ILSVRC counts pixels from 0 and the
    devkit of PASCAL VOC from 1; :func:`voc_origin` tells which it is.
    Document types and entities are refused: annotations have none, and an
    entity can fill the memory.

    Raises:
        ValueError: The file is malformed, or a field is missing. The message
            gives the file and the line.
    """
    builder = ElementTree.TreeBuilder()
    parser = xml.parsers.expat.ParserCreate('utf-8')
    depth = 0

    def refuse(what):
        raise ValueError(f'{path}:{parser.CurrentLineNumber}: {what}.')

    def refuse_entities(*_):
        refuse(
            'a document type (DOCTYPE, ENTITY) is not allowed in an annotation'
        )

    def start(tag, _):
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            refuse(f'elements are nested more than {MAX_DEPTH} deep')
        builder.start(tag, {'line': str(parser.CurrentLineNumber)})

    def end(tag):
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse_entities
    parser.EntityDeclHandler = refuse_entities
    try:
        with open(path, 'rb') as f:
            content = f.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(
                f'{path}: the file has more than {MAX_BYTES} bytes, so it '
                'is not the annotation of an image.'
            )
        parser.Parse(decode_xml(content, path), True)
    except xml.parsers.expat.ExpatError as e:
        raise ValueError(
            f'{path}:{e.lineno}: malformed XML: '
            f'{xml.parsers.expat.ErrorString(e.code)}.'
        ) from e
    root = builder.close()

    def text(parent, tag) -> tuple[str, str]:
        node = parent.find(tag)
        if node is None:
            fail(
                f'{path}:{parent.get("line")}',
                parent.tag,
                f'<{tag}> inside <{parent.tag}>',
            )
        return (node.text or '').strip(), f'{path}:{node.get("line")}'

    sides = {side: text(root, f'size/{side}') for side in ('width', 'height')}
    size = None
    # Labeling tools write zeros if they could not read the image.
    if any(value != '0' for value, _ in sides.values()):
        width, height = (
            integer(*found, f'the {side} in pixels', 1)
            for side, found in sides.items()
        )
        size = width, height
    names, boxes = [], []
    for node in root.findall('object'):
        names.append(check_name(*text(node, 'name')))
        box: list[float] = []
        for tag in ('xmin', 'ymin', 'xmax', 'ymax'):
            value, where = text(node, f'bndbox/{tag}')
            box += numbers([value], where, f'<{tag}>, a number')
        boxes.append(Box(tuple(box), where))
    database = (root.findtext('source/database') or '').strip()
    return VOCImage(size, names, boxes, database)


def decode_xml(content: bytes, path: str) -> str:
    """Decode an XML file by its byte order mark or its declaration.

    expat itself knows four encodings only. UTF-8 is assumed if Python does
    not know the declared encoding either, or if the first bytes contradict
    it.

    Raises:
        ValueError: The bytes are not in the encoding. The message gives the
            file, the line and the encoding.
    """
    found = DECLARED.match(content)
    name = encoding_of(content)
    if name is None and found:
        name = found[1].decode().lower()
        name = LARGER.get(name, name)
        if name.startswith(('utf-16', 'utf-32', 'ucs-')):
            name = None  # wrong: in these the declaration is unreadable
    try:
        return content.decode(name or 'utf-8')
    except LookupError:
        name = 'utf-8'
    except UnicodeError:
        pass
    try:
        return content.decode('utf-8')
    except UnicodeDecodeError as e:
        declared = f'declares {found[1].decode()}' if found else 'names none'
        raise ValueError(
            f'{path}:{content[: e.start].count(10) + 1}: malformed XML: its '
            f'bytes are not in the encoding of the file, which {declared} '
            f'({e.reason}). Save it as UTF-8.'
        ) from e


def voc_origin(images: list[VOCImage]) -> tuple[int, str]:
    """Tell whether VOC annotations count pixels from 0 or from 1.

    Args:
        images (list[VOCImage]): All images of a data set.

    Returns:
        tuple: 0 or 1, and the reason as a sentence. ILSVRC and data sets
        with a corner at 0 count from 0. All others are assumed to follow the
        devkit of PASCAL VOC, which counts from 1.

    Raises:
        Refusal: Boxes are shares or percent of their image, not pixels.
    """
    all_boxes = [box for image in images for box in image.boxes]
    check_shares(
        [b.xyxy for b in all_boxes],
        [b.source for b in all_boxes],
        [image.size for image in images for _ in image.boxes],
    )
    ilsvrc = ('ilsvrc', 'imagenet')
    if any(word in i.database.lower() for i in images for word in ilsvrc):
        return 0, 'The files are from ILSVRC, which counts pixels from 0.'
    for box in all_boxes:
        if min(box.xyxy) <= 0:
            return 0, f'Pixels count from 0: {box.source} has a corner at 0.'
    return 1, 'Pixels count from 1, as in the devkit of PASCAL VOC.'


def annotated(name: str, image: VOCImage, origin: int) -> AnnotatedImage:
    """Make the corners of an image continuous.

    Args:
        name (str): The name of the image.
        image (VOCImage): The annotation, with inclusive corners.
        origin (int): The number of the first pixel, 0 or 1.
    """
    objects = []
    for label, ((x0, y0, x1, y1), where) in zip(
        image.names, image.boxes, strict=True
    ):
        corners = x0 - origin, y0 - origin, x1 + 1 - origin, y1 + 1 - origin
        objects.append((label, Box(corners, where)))
    return AnnotatedImage(name, image.size, objects)
