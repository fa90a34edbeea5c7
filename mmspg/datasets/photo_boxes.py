"""Boxes of one's own photographs: a COCO file, or VOC or YOLO files.

Label tools show a photograph as its EXIF tag turns it, so all boxes and
sizes here are on the image as people see it.
"""

import json
import math
import os
import os.path as osp
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from PIL import Image

from .formats import numbers, read_columns, read_lines, read_voc_xml
from .walk import Walk, walk

KINDS = {'.json': 'COCO', '.xml': 'VOC', '.txt': 'YOLO'}
NAMES = ('classes.txt', 'obj.names', 'labels.txt')  # of YOLO's classes


class Annotated(NamedTuple):
    """One object: class name, continuous corners, size (w, h), source."""

    name: str
    box: tuple[float, float, float, float]
    size: tuple[int, int] | None
    source: str


class Boxes(NamedTuple):
    """``{photograph: boxes}``, in words where from, and the files read.

    ``files`` are relative to the folder of the photographs.
    """

    by_photo: dict[str, list[Annotated]]
    source: str
    files: tuple[str, ...] = ()


def find_boxes(
    photos: Walk, labels: Mapping[str, str], given: str | None = None
) -> Boxes:
    """Find and read the boxes that go with folders of photographs.

    Args:
        photos (Walk): The photographs, and other files among them.
        labels (Mapping[str, str]): Class of each photograph by its path.
        given (str, optional): File or folder with the boxes. None: those
            in the folder of the photographs, and a file ``FOLDER.json``
            beside it.

    Returns:
        Boxes: Those of the class of their photograph. A file that knows one
        class only, 'object' for example, is taken for any.

    Raises:
        ValueError: A malformed file, files of two kinds, or files none of
            which fits a photograph or a class.
    """
    files = _files(photos, given)
    kinds = sorted({KINDS[osp.splitext(path)[1].lower()] for path in files})
    if len(kinds) > 1:
        raise ValueError(
            f'{photos.root} has boxes as {" and as ".join(kinds)}. Keep one '
            'kind, or name a file or folder: --cfg-options boxes=PATH'
        )
    if not kinds:
        return Boxes({}, 'no boxes')
    paths = _Paths(photos.root, labels)
    extra = [osp.join(photos.root, name) for name in NAMES]
    read = dict(COCO=_coco, VOC=_voc, YOLO=_yolo)[kinds[0]]
    found, strange = read(files, paths)
    where = given or photos.root
    if not found:
        raise ValueError(
            f'{where}: the {kinds[0]} boxes there are of no photograph below '
            f'{photos.root}, {strange[:3]} for example. A photograph and its '
            'boxes must have the same name.'
        )
    found = _of_class(found, labels, where)
    text = f'boxes of {len(found)} as {kinds[0]}'
    if strange:
        text += f' ({len(strange)} others without a photograph, {strange[0]})'
    below = (osp.relpath(path, photos.root) for path in (*files, *extra))
    return Boxes(
        found, text, tuple(path.replace(os.sep, '/') for path in below)
    )


def _files(photos: Walk, given: str | None) -> list[str]:
    if given and osp.isfile(given):
        return [given]
    below = walk(given) if given else photos
    files = [osp.join(below.root, name) for name in below.others]
    beside = osp.abspath(photos.root).rstrip(os.sep) + '.json'
    if not given and osp.isfile(beside):
        files.append(beside)
    stems = {_stem(name) for name in photos.images}
    return [
        path
        for path in files
        if path.lower().endswith('.json')
        and _is_coco(path)
        or path.lower().endswith(('.xml', '.txt'))
        and _stem(path) in stems
    ]


def _stem(path: str) -> str:
    return osp.splitext(osp.basename(path))[0]


def _is_coco(path: str) -> bool:
    with open(path, 'rb') as file:
        head = file.read(1 << 22)
    return b'"images"' in head or b'"annotations"' in head


class _Paths:
    """Photographs by path, by name and by stem, where that is unambiguous."""

    def __init__(self, root: str, names: Iterable[str]):
        self.root = root
        self.known: dict[str, set[str]] = {}
        for name in names:
            for key in {name, osp.basename(name), _stem(name)}:
                self.known.setdefault(key, set()).add(name)

    def find(self, *keys: str) -> str | None:
        """The photograph of the first key that has just one."""
        for key in keys:
            found = self.known.get(key, ())
            if len(found) == 1:
                return next(iter(found))
        return None

    def of_file(self, path: str) -> str | None:
        """The photograph of an annotation file of its name."""
        below = osp.relpath(path, self.root).replace(os.sep, '/')
        folder = osp.dirname(below)
        same = [
            name
            for name in self.known.get(_stem(path), ())
            if osp.dirname(name) == folder
        ]
        return same[0] if len(same) == 1 else self.find(_stem(path))


def _coco(files: list[str], paths: _Paths):
    found: dict[str, list[Annotated]] = {}
    strange = []
    for path in files:
        try:
            with open(path, encoding='utf-8-sig') as file:
                content = json.load(file)
            images = {image['id']: image for image in content['images']}
            names = {c['id']: str(c['name']) for c in content['categories']}
            annotations = list(content['annotations'])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f'{path}: no COCO file with images, categories and '
                f'annotations ({type(error).__name__}: {error}).'
            ) from error
        for number, one in enumerate(annotations):
            where = f'{path}: annotation {one.get("id", number)}'
            try:
                image = images[one['image_id']]
                name = names[one['category_id']]
                x, y, w, h = (float(value) for value in one['bbox'])
                file_name = str(image['file_name']).replace('\\', '/')
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(
                    f'{where}: image_id, category_id and bbox [x, y, width, '
                    f'height] were expected ({type(error).__name__}: {error}).'
                ) from error
            photo = paths.find(file_name, osp.basename(file_name))
            if photo is None:
                strange.append(file_name)
            elif not one.get('iscrowd') and math.isfinite(x + y + w + h):
                size = image.get('width'), image.get('height')
                found.setdefault(photo, []).append(
                    Annotated(
                        name,
                        (x, y, x + w, y + h),
                        size if all(size) else None,  # type: ignore
                        where,
                    )
                )
    return found, sorted(set(strange))


def _voc(files: list[str], paths: _Paths):
    found, strange = {}, []
    for path in files:
        photo = paths.of_file(path)
        if photo is None:
            strange.append(path)
            continue
        image = read_voc_xml(path)
        found[photo] = [
            # The devkit's pixels count from 1 and are inclusive.
            Annotated(
                name,
                (x0 - 1, y0 - 1, x1, y1),
                image.size,
                box.source,
            )
            for name, box in zip(image.names, image.boxes, strict=True)
            for x0, y0, x1, y1 in [box.xyxy]
        ]
    return {photo: some for photo, some in found.items() if some}, strange


def _yolo(files: list[str], paths: _Paths):
    names = _yolo_names(paths.root, files)
    found, strange = {}, []
    expected = "'class x y width height', shares of the image"
    for path in files:
        photo = paths.of_file(path)
        if photo is None:
            strange.append(path)
            continue
        size = _seen_size(osp.join(paths.root, photo))
        for where, columns in read_columns(path, 5, expected):
            x, y, w, h = numbers(columns[1:], where, expected)
            if not max(abs(x), abs(y), w, h) <= 1.01:
                raise ValueError(f'{where}: expected {expected}.')
            name = names.get(columns[0], columns[0])
            left, top = (x - w / 2) * size[0], (y - h / 2) * size[1]
            box = left, top, left + w * size[0], top + h * size[1]
            found.setdefault(photo, []).append(
                Annotated(name, box, size, where)
            )
    return found, strange


def _yolo_names(root: str, files: list[str]) -> dict[str, str]:
    """Class names by their number, from the usual file of them."""
    folders = dict.fromkeys([root, *(osp.dirname(path) for path in files)])
    for folder in folders:
        for name in NAMES:
            path = osp.join(folder, name)
            if osp.isfile(path):
                lines = [line for _, line in read_lines(path)]
                return {str(i): line for i, line in enumerate(lines)}
    return {}


def _seen_size(path: str) -> tuple[int, int]:
    """Width and height of an image as its EXIF tag turns it."""
    with Image.open(path) as image:
        turned = image.getexif().get(0x0112, 1) >= 5
        return image.size[::-1] if turned else image.size


def _of_class(found, labels: Mapping[str, str], where: str):
    """Keep the boxes of the class of their photograph."""
    named = {one.name for some in found.values() for one in some}
    if len(named) == 1 and not named & set(labels.values()):
        return found
    kept = {
        photo: [one for one in some if one.name == labels[photo]]
        for photo, some in found.items()
    }
    kept = {photo: some for photo, some in kept.items() if some}
    if not kept:
        raise ValueError(
            f'{where}: the boxes are of {sorted(named)[:5]}, and no '
            f'photograph is of that class; the folders are '
            f'{sorted(set(labels.values()))[:5]}. Name the classes of the '
            'boxes like the folders; for YOLO list them in classes.txt.'
        )
    return kept
