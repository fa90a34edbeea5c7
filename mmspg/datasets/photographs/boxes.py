"""Read the boxes of photographs from a COCO file, or VOC or YOLO files.

Label tools show a photograph as its EXIF tag turns it. So boxes and sizes
belong to the image as people see it.
"""

import csv
import os
import os.path as osp
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ..annotations.boxes import check_shares
from ..annotations.coco import read_coco
from ..annotations.faults import OTHER_CLASS, Faults
from ..annotations.formats import (
    AnnotatedImage,
    Box,
    integer,
    numbers,
    open_text,
    read_columns,
    read_names,
)
from ..annotations.matching import Paths
from ..annotations.voc import annotated, read_voc_xml, voc_origin
from ..images.headers import read_header
from ..images.walk import Walk, walk

__all__ = ['PhotoBoxes', 'find_boxes', 'read_box_list']

KINDS = {'.json': 'COCO', '.xml': 'VOC', '.txt': 'YOLO'}
LISTED = ('image', 'class', 'x0', 'y0', 'x1', 'y1')
NAMES = ('classes.txt', 'obj.names', 'labels.txt')  # name YOLO's classes
YOLO = "'class x y width height', shares of the image"


class PhotoBoxes(NamedTuple):
    """Annotated photographs by path.

    ``source`` says in words where the boxes come from. ``files`` are the
    files that were read, relative to the folder of the photographs.
    ``faults`` are the faults of the annotations.
    """

    images: dict[str, AnnotatedImage]
    source: str
    files: frozenset[str]
    faults: Faults


def find_boxes(
    photos: Walk, labels: Mapping[str, str], given: str | None = None
) -> PhotoBoxes:
    """Find and read the boxes that go with folders of photographs.

    Args:
        photos (Walk): The photographs, and other files among them.
        labels (Mapping[str, str]): Class of each photograph by its path.
        given (str, optional): File or folder with the boxes. None: the
            boxes are looked for in the folder of the photographs, and in a
            file ``FOLDER.json`` beside it.

    Returns:
        PhotoBoxes: Boxes of the class of their photograph. If the files have
        only one class and no folder has its name, all boxes count.

    Raises:
        FileNotFoundError: ``given`` does not exist.
        ValueError: A file is malformed or of another kind, the files are of
            two kinds, they have no box or a photograph has boxes in two of
            them, or no file belongs to a photograph or a class.
    """
    files = _files(photos, given)
    strange = [p for p in files if osp.splitext(p)[1].lower() not in KINDS]
    if strange:
        raise ValueError(
            f'{strange[0]}: boxes are read from COCO (.json), VOC (.xml) and '
            'YOLO (.txt) files.'
        )
    kinds = sorted({KINDS[osp.splitext(path)[1].lower()] for path in files})
    if not kinds:
        return PhotoBoxes({}, 'no boxes', frozenset(), Faults())
    if len(kinds) > 1:
        raise ValueError(
            f'{photos.root} has boxes as {" and as ".join(kinds)}. Keep only '
            'one kind.'
        )
    read = dict(COCO=_coco, VOC=_voc, YOLO=_yolo)[kinds[0]]
    found: dict[str, AnnotatedImage] = {}
    strange = []
    faults = Faults()
    for photo, image in read(files, photos.root, labels, faults):
        if photo is None:
            strange.append(image.name)
        elif image.objects:
            if photo in found:
                one, two = (
                    some.objects[0][1].source for some in (found[photo], image)
                )
                raise ValueError(
                    f'{photos.root}: {photo} has boxes twice, at {one} and '
                    f'{two}. Keep one of them.'
                )
            found[photo] = image
    if not found and not strange:
        raise ValueError(
            f'{files[0]}: the {kinds[0]} files there have no box. Draw boxes, '
            'or move these files elsewhere to train without boxes.'
        )
    if not found:
        raise ValueError(
            f'{given or photos.root}: the {kinds[0]} boxes there belong to '
            f'no photograph below {photos.root}, {strange[:3]} for example. '
            'A photograph and its boxes must have the same name.'
        )
    found = _of_class(found, labels, given or photos.root, faults)
    text = f'boxes of {len(found)} as {kinds[0]}'
    if strange:
        text += f' ({len(strange)} others without a photograph, {strange[0]})'
    folders = {osp.dirname(path) for path in files}
    folders |= {photos.root, *map(osp.dirname, folders - {photos.root})}
    files += [osp.join(folder, name) for folder in folders for name in NAMES]
    read_from = frozenset(_below(path, photos.root) for path in files)
    return PhotoBoxes(found, text, read_from, faults)


def read_box_list(path: str) -> dict[str, AnnotatedImage]:
    """Read the list of all boxes that ``label_images.py`` writes.

    Args:
        path (str): A CSV file with the columns image, class, x0, y0, x1 and
            y1, inclusive pixels of the image as a person sees it. Its width
            and height may follow: if another copy of the image is read, its
            boxes are then rescaled.

    Returns:
        dict: Images with their boxes by name, corners made continuous.

    Raises:
        ValueError: A column lacks, a corner is no number, or the boxes are
            in shares or percent.
    """
    found: dict[str, AnnotatedImage] = {}
    raw: list[tuple] = []
    with open_text(path) as file:
        rows = csv.DictReader(file)
        lacking = set(LISTED) - set(rows.fieldnames or ())
        if lacking:
            raise ValueError(f'{path}:1: no column {min(lacking)!r}.')
        for row in rows:
            where = f'{path}:{rows.line_num}'
            texts = [row[key] or '' for key in LISTED[2:]]
            corners = x0, y0, x1, y1 = numbers(texts, where, 'x0,y0,x1,y1')
            size = None
            if row.get('width') and row.get('height'):
                size = (
                    integer(row['width'], where, 'a width', 1),
                    integer(row['height'], where, 'a height', 1),
                )
            raw.append((corners, where, size))
            image = AnnotatedImage(row['image'], size, [])
            box = Box((x0, y0, x1 + 1, y1 + 1), where)
            found.setdefault(image.name, image).objects.append(
                (row['class'], box)
            )
    if raw:
        check_shares(*zip(*raw, strict=True))
    return found


def _files(photos: Walk, given: str | None) -> list[str]:
    """List the files that hold boxes."""
    if given and not osp.exists(given):
        raise FileNotFoundError(
            f"there is no file or folder of boxes '{given}'. Correct boxes=, "
            'or leave it out: boxes are then looked for among the photographs.'
        )
    if given and osp.isfile(given):
        return [given]
    below = walk(given) if given else photos
    files = [osp.join(below.root, name) for name in below.others]
    beside = osp.abspath(photos.root) + '.json'
    if not given and osp.isfile(beside):
        files.append(beside)
    beside_photos = {
        path for path in files if path.lower().endswith(('.xml', '.txt'))
    }
    stems = {_stem(name) for name in photos.images if beside_photos}
    return [
        path
        for path in files
        if (path in beside_photos and _stem(path) in stems)
        or (path.lower().endswith('.json') and _is_coco(path))
    ]


def _is_coco(path: str) -> bool:
    with open(path, 'rb') as file:
        return b'"annotations"' in file.read()


def _stem(path: str) -> str:
    return osp.splitext(osp.basename(path))[0]


def _below(path: str, root: str) -> str:
    return osp.relpath(path, root).replace(os.sep, '/')


Found = Iterator[tuple[str | None, AnnotatedImage]]


def _coco(
    files: list[str], root: str, labels: Iterable[str], faults: Faults
) -> Found:
    paths = Paths(labels)
    for path in files:
        coco = read_coco(path)
        for kind, places in coco.faults.items():
            faults.setdefault(kind, []).extend(places)
        for image in coco.images:
            yield paths.find(image.name), image


def _voc(files: list[str], root: str, labels: Iterable[str], _) -> Found:
    paths = Paths(labels, suffixes=False)
    read = [read_voc_xml(path) for path in files]
    origin, _ = voc_origin(read)
    for path, voc in zip(files, read, strict=True):
        yield paths.find(_below(path, root)), annotated(path, voc, origin)


def _yolo(files: list[str], root: str, labels: Iterable[str], _) -> Found:
    paths = Paths(labels, suffixes=False)
    names: dict[str, dict[str, str]] = {}  # by folder
    folders = list(dict.fromkeys(map(osp.dirname, files)))
    for folder in folders:
        # Its own list, or one above it, or any: tools write it once.
        inside = _below(folder or '.', root) != '.'
        above = [osp.dirname(folder), root] if inside else [root]
        lists = map(_yolo_names, (folder, *above, *folders))
        names[folder] = next(filter(None, lists), {})
    for path in files:
        folder = osp.dirname(path)
        photo = paths.find(_below(path, root))
        header = photo and read_header(osp.join(root, photo))
        if not header:
            yield None, AnnotatedImage(path, None, [])
            continue
        width, height = size = header.size_on('seen')
        objects = []
        for where, (number, *texts) in read_columns(path, 5, YOLO):
            x, y, w, h = numbers(texts, where, YOLO)
            if max(abs(x), abs(y), w, h) > 1.01:
                raise ValueError(f'{where}: expected {YOLO}.')
            left, top = (x - w / 2) * width, (y - h / 2) * height
            box = (left, top, left + w * width, top + h * height)
            objects.append(
                (names[folder].get(number, number), Box(box, where))
            )
        yield photo, AnnotatedImage(path, size, objects)


def _yolo_names(folder: str) -> dict[str, str]:
    """Read a folder's class names, by their number, from the usual file."""
    for name in NAMES:
        path = osp.join(folder, name)
        if osp.isfile(path):
            return {str(i): n for i, n in enumerate(read_names(path))}
    return {}


def _of_class(
    found: dict[str, AnnotatedImage],
    labels: Mapping[str, str],
    where: str,
    faults: Faults,
) -> dict[str, AnnotatedImage]:
    """Keep the boxes whose class is the class of their photograph."""
    named = {name for image in found.values() for name, _ in image.objects}
    classes = sorted(set(labels.values()))
    if len(named) == 1 and not named & set(classes):
        return found
    kept = {}
    for photo, image in found.items():
        true = []
        for name, box in image.objects:
            if name == labels[photo]:
                true.append((name, box))
            else:
                text = f'{box.source}: {name}, not {labels[photo]}'
                faults.add(OTHER_CLASS, text)
        if true:
            kept[photo] = image._replace(objects=true)
    if not kept:
        raise ValueError(
            f'{where}: the boxes have the classes {sorted(named)[:5]}, and '
            f'no photograph is of that class: the folders are {classes[:5]}. '
            'Give the classes of the boxes the names of the folders. For '
            'YOLO list them in classes.txt.'
        )
    return kept
