"""Read COCO annotation files, as labeling tools write them."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .boxes import check_objects
from .class_lists import check_name
from .faults import EMPTY_BBOX, REPEATED, SAME_NAME, Faults
from .formats import MAX_NUMBER, AnnotatedImage, Box
from .matching import match_names

__all__ = ['Coco', 'read_coco']

KEYS = ('images', 'annotations', 'categories')


class Coco(NamedTuple):
    """The content of a COCO file.

    ``images`` are in the order of the file. ``classes`` are the sorted names
    of all its categories, including those that no image has, so that the
    files of two splits give the same list. ``faults`` are those of its boxes.
    """

    images: list[AnnotatedImage]
    classes: list[str]
    faults: Faults

    def matched(self, paths: Iterable[str], source, root) -> 'Coco':
        """Replace the names of images with boxes by their paths."""
        names = [image.name for image in self.images if image.objects]
        found = match_names(names, paths, source, root)
        return self._replace(
            images=[
                image._replace(name=found.get(image.name, image.name))
                for image in self.images
            ]
        )


def read_coco(path: str) -> Coco:
    """Read a file of COCO annotations.

    Annotations of crowds are left out. Annotations whose box is empty or
    missing are left out and recorded as faults. An id that two annotations
    share is also recorded as a fault.

    Raises:
        ValueError: The file is not a COCO file; a field is missing or has
            the wrong type; an id or a file name occurs twice; an annotation
            names an unknown image or category; or the boxes are shares of
            their image. The message gives the file and the id.
        OSError: The file cannot be read.
    """
    content = _load(path)
    classes = {
        number: check_name(entry.get('name'), where)
        for number, (where, entry) in _by_id(path, content, 'categories')
    }
    faults, ids = Faults(), set()
    first: dict = {}
    for number, name in classes.items():
        if first.setdefault(name, number) != number:
            faults.add(SAME_NAME, f'{path}: categories, id {number} ({name})')
    images = {}
    for number, (where, entry) in _by_id(path, content, 'images'):
        name = entry.get('file_name')
        if not isinstance(name, str) or not name.strip():
            raise ValueError(
                f'{where}: file_name must be the path of the image, but it '
                f'is {name!r}.'
            )
        images[number] = AnnotatedImage(name, _size(entry, where), [])
    _once(path, 'file_name', [image.name for image in images.values()])
    for i, entry in enumerate(content['annotations']):
        where = f'{path}: annotations, number {i + 1} of the list'
        if not isinstance(entry, dict):
            raise ValueError(f'{where}: this is {entry!r}, not an object.')
        where = f'{path}: annotation {entry.get("id", f"number {i + 1}")}'
        for key, known in (('image_id', images), ('category_id', classes)):
            number = entry.get(key)
            if not _is_id(number) or number not in known:
                raise ValueError(
                    f'{where}: no entry of the file has the {key} '
                    f'{number!r}. Its ids begin with {list(known)[:3]}. '
                    f'Correct {key}, or the id of the entry.'
                )
        image = images[entry['image_id']]
        where += f' of {image.name}'
        if 'id' in entry and str(entry['id']) in ids:
            faults.add(REPEATED, where)
        ids.add(str(entry.get('id')))
        if entry.get('iscrowd'):
            continue
        bbox = _bbox(entry.get('bbox'), where)
        if not bbox or min(bbox[2:]) <= 0:
            faults.add(EMPTY_BBOX, f'{where}: bbox {bbox}')
            continue
        x, y, w, h = bbox
        box = Box((x, y, x + w, y + h), where)
        image.objects.append((classes[entry['category_id']], box))
    check_objects(images.values())
    return Coco(list(images.values()), sorted(set(classes.values())), faults)


def _load(path: str) -> dict:
    with open(path, 'rb') as file:
        try:
            content = json.loads(file.read())  # it knows byte order marks
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f'{path}: not JSON in UTF-8: {error}. Export it anew.'
            ) from error
    for key in KEYS:
        if not isinstance(content, dict) or key not in content:
            raise ValueError(
                f"{path}: the key '{key}' is missing. COCO annotations have "
                'images, annotations and categories.'
            )
        if not isinstance(content[key], list):
            raise ValueError(f"{path}: '{key}' must be a list.")
    return content


def _by_id(path: str, content: dict, key: str):
    """Yield ``id, (where, entry)``, and refuse an id that occurs twice."""
    seen = set()
    for i, entry in enumerate(content[key]):
        number = entry.get('id') if isinstance(entry, dict) else None
        where = f'{path}: {key}, number {i + 1} of the list'
        if not _is_id(number):
            raise ValueError(
                f'{where}: its id must be a whole number, not {number!r}.'
            )
        named = entry.get('file_name', entry.get('name'))
        where = f'{path}: {key}, id {number} ({named!r})'
        if number in seen:
            raise ValueError(
                f'{where}: another entry has the same id. Every entry needs '
                'its own, because annotations refer to images and categories '
                'by id.'
            )
        seen.add(number)
        yield number, (where, entry)


def _once(path: str, what: str, names) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(
            f'{path}: {len(twice)} values of {what} occur more than once, '
            f'for example {twice[:2]}. Merge these entries.'
        )


def _size(entry: dict, where: str) -> tuple[int, int] | None:
    """Give width and height, or None if both are missing or zero."""
    sides: list = [entry.get('width'), entry.get('height')]
    if all(side in (None, 0) for side in sides):
        return None
    found = [int(s) for s in sides if _is_number(s) and 1 <= s <= MAX_NUMBER]
    if len(found) != 2:
        raise ValueError(
            f'{where}: width and height must be positive whole numbers, but '
            f'they are {sides[0]!r} and {sides[1]!r}.'
        )
    return found[0], found[1]


def _bbox(bbox, where: str) -> list[float]:
    """Give the four numbers of a box, or [] if there is no box."""
    if not bbox and not isinstance(bbox, (str, bool, int)):
        return []
    if (
        not isinstance(bbox, list)
        or len(bbox) != 4
        or not all(_is_number(v) and abs(v) <= MAX_NUMBER for v in bbox)
    ):
        raise ValueError(
            f'{where}: bbox must be [x, y, width, height] in pixels, but it '
            f'is {bbox!r}.'
        )
    return bbox


def _is_id(value) -> bool:
    """Whether a value can be an id: 1, '1', or 1.0, which equals 1."""
    return isinstance(value, str) or (_is_number(value) and value % 1 == 0)


def _is_number(value) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )
