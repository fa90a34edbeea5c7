"""One's own photographs, a folder a class."""

import os.path as osp
from typing import NamedTuple

import numpy as np

from mmspg.registry import DATASETS

from ..annotations.coco import CocoImage
from ..base import LocDataset
from ..images.walk import ClassFolders, class_folders, describe, walk
from .boxes import find_boxes
from .parts import divide

__all__ = ['PhotoFolders', 'Photos', 'read_photos']

PARTS = ('train', 'val', 'test')


class Photos(NamedTuple):
    """Folders of photographs, read and divided.

    ``parts`` are ``{part: {class: paths}}``; ``notes`` are sentences for a
    person.
    """

    classes: tuple[str, ...]
    parts: dict[str, dict[str, list[str]]]
    boxes: dict[str, CocoImage]
    notes: tuple[str, ...]

    def number(self, part: str) -> int:
        """How many photographs a part has."""
        return sum(map(len, self.parts[part].values()))

    def has_boxes(self, part: str) -> bool:
        """Whether localization can be measured on a part."""
        return any(
            name in self.boxes
            for some in self.parts[part].values()
            for name in some
        )


def read_photos(root: str, boxes: str | None = None) -> Photos:
    """Read folders of photographs, and divide them.

    Args:
        root (str): Has a folder of photographs for each class, or folders
            train, val and test that have these.
        boxes (str, optional): File or folder of boxes, see `find_boxes`.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: Fewer than two classes, a class without photographs to
            train on, no photograph to validate on, or malformed boxes.
    """
    if not osp.isdir(root):
        raise FileNotFoundError(
            f"there is no folder '{root}'. Give the folder that has a folder "
            'of photographs for each class: --data-root PHOTOS'
        )
    photos = walk(root)
    folders = class_folders(photos)
    if len(folders.classes) < 2:
        raise ValueError(
            f"'{root}' has one class, {folders.classes[0]!r}. SPG learns "
            'where an object is by telling classes apart. Add a folder of '
            'photographs without the object, '
            f'{osp.join(root, "background")} for example.'
        )
    labels = {
        name: label
        for part in folders.splits.values()
        for label, some in part.items()
        for name in some
    }
    found = find_boxes(photos, labels, boxes)
    parts = _parts(folders, set(found.images))
    _check(root, parts)
    counts = ', '.join(
        f'{sum(map(len, parts[part].values()))} {part}' for part in PARTS
    )
    notes = (
        f'{root}: {len(labels)} photographs of {len(folders.classes)} '
        f'classes ({counts}), {found.source}',
        *describe(_without(folders.left_out, found.files)),
    )
    return Photos(tuple(folders.classes), parts, found.images, notes)


def _without(left_out, files: frozenset[str]):
    """Take out the files that boxes were read from."""
    return {
        kind: [path for path in paths if path not in files]
        for kind, paths in left_out.items()
    }


def _parts(folders: ClassFolders, boxed: set[str]):
    """The layout's own parts; what it lacks is drawn from train."""
    given = folders.splits
    drawn = divide(given.get('') or given.get('train') or {}, boxed)
    if 'train' not in given and '' not in given:
        raise ValueError('there are folders of splits, and none is "train".')
    if not given.keys() & {'val', 'test'}:
        return drawn
    if 'val' in given:
        return dict(
            train=given['train'],
            val=given['val'],
            test=given.get('test', given['val']),
        )
    rest = {c: some + drawn['test'][c] for c, some in drawn['train'].items()}
    return dict(train=rest, val=drawn['val'], test=given['test'])


def _check(root: str, parts) -> None:
    known = {label for part in parts.values() for label in part}
    bare = sorted(c for c in known if not parts['train'].get(c))
    if bare:
        raise ValueError(
            f'{root}: the class {bare[0]!r} has no photograph to train on. '
            'Add some, twenty or more for each class.'
        )
    for part in ('val', 'test'):
        if not any(parts[part].values()):
            raise ValueError(
                f'{root}: too few photographs, none is left for the part '
                f'{part!r}. Add some, twenty or more for each class.'
            )


@DATASETS.register_module()
class PhotoFolders(LocDataset):
    """Photographs in folders, whose names are the classes.

    ``root/cat/1.jpg`` is a photograph of the class 'cat'. The parts train,
    val and test are fixed by the names of the photographs, see `divide`;
    folders ``train``, ``val`` and ``test`` are taken as they are. Boxes come
    from a COCO file, or VOC or YOLO files among the photographs, and are on
    the image as EXIF turns it.

    Args:
        data_root (str): The folder.
        split (str): 'train', 'val' or 'test'.
        boxes (str, optional): File or folder of boxes. Defaults to those
            found among the photographs.
        **kwargs: As of :class:`LocDataset`. With ``test_mode`` the
            photographs without a box are left out where others have one.

    Raises:
        ValueError: See :func:`read_photos`.
    """

    SPLITS = PARTS
    grid = 'seen'

    def __init__(self, data_root='', split='train', boxes=None, **kwargs):
        self.boxes = boxes
        super().__init__(data_root=data_root, split=split, **kwargs)

    def load_samples(self) -> list[dict]:
        """Read names, classes and boxes."""
        photos = read_photos(self.data_root, self.boxes)
        self.set_classes(photos.classes)
        samples = []
        for label, some in photos.parts[self.split].items():
            for name in some:
                sample = dict(
                    img_path=osp.join(self.data_root, name),
                    img_id=name,
                    gt_label=photos.classes.index(label),
                    ann_grid='seen',
                )
                found = photos.boxes.get(name)
                if found:
                    sample.update(_fields(found))
                samples.append(sample)
        boxed = [s for s in samples if 'ori_gt_bboxes' in s]
        return boxed if self.test_mode and boxed else samples


def _fields(image: CocoImage) -> dict:
    boxes = [box for _, box in image.objects]
    fields = dict(
        ori_gt_bboxes=np.array([box.xyxy for box in boxes], np.float32),
        ann_source=[box.source for box in boxes],
    )
    return fields if image.size is None else dict(fields, ann_size=image.size)
