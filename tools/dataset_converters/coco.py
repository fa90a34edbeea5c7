"""Read COCO's annotation files. No command."""

import json
import math
import sys
from pathlib import Path

from metadata_writer import inclusive


def read(path: Path) -> dict:
    """Read a file of COCO annotations.

    Raises:
        SystemExit: It is none; names the key that is missing.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        sys.exit(f'{path}: cannot be read as JSON: {error}')
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(content, dict) or key not in content:
            sys.exit(
                f"{path}: no key '{key}'; COCO annotations have images, "
                'annotations and categories.'
            )
    return content


def objects(path: Path, content: dict) -> dict[str, list]:
    """Give ``{file_name: [(category name, box)]}``, crowds left out.

    The boxes are inclusive corners.

    Raises:
        SystemExit: An annotation of an unknown image or category, or with a
            bbox that is none; names its id.
    """
    names = {image['id']: image['file_name'] for image in content['images']}
    classes = {c['id']: c['name'] for c in content['categories']}
    found = {name: [] for name in names.values()}
    for number, annotation in enumerate(content['annotations']):
        if annotation.get('iscrowd'):
            continue
        where = f'{path}: annotation {annotation.get("id", number)}'
        for key, known in (('image_id', names), ('category_id', classes)):
            if annotation.get(key) not in known:
                sys.exit(f'{where}: unknown {key} {annotation.get(key)!r}.')
        bbox = annotation.get('bbox') or []
        if (
            len(bbox) != 4
            or not all(math.isfinite(value) for value in bbox)
            or min(bbox[2:]) <= 0
        ):
            sys.exit(
                f'{where}: bbox {bbox}; [x, y, width, height] was expected, '
                'in pixels, not empty.'
            )
        found[names[annotation['image_id']]].append(
            (classes[annotation['category_id']], inclusive(*bbox))
        )
    return found


def boxes_by_image(path: Path) -> dict[str, list]:
    """Give ``{file_name: boxes}`` of the images that have any."""
    return {
        name: [box for _, box in some]
        for name, some in objects(path, read(path)).items()
        if some
    }
