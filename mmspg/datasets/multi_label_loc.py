"""Images of several objects: VOC, COCO, or a CSV of labels."""

import csv
import os
import os.path as osp
from collections.abc import Sequence

import numpy as np

from mmspg.registry import DATASETS

from .annotations.boxes import box_fields
from .annotations.class_lists import NOTHING, check_name
from .annotations.coco import read_coco
from .annotations.formats import (
    AnnotatedImage,
    Box,
    fail,
    numbers,
    open_text,
    read_lines,
)
from .annotations.paths import inside
from .annotations.voc import annotated, read_voc_xml, voc_origin
from .base import LocDataset

CORNERS = ('x0', 'y0', 'x1', 'y1')


@DATASETS.register_module()
class MultiLabelLoc(LocDataset):
    """Images with none, one or several classes, and boxes of them.

    ``gt_label`` is an array ``(k,)`` of the classes of an image, k >= 0, and
    ``gt_bbox_labels`` ``(n,)`` has the class of each of ``ori_gt_bboxes``.
    Heads learn them with ``multi_label=True``.

    Args:
        data_root (str): The other paths are below it.
        ann_file (str): A COCO file (``.json``); a folder of VOC files
            (``.xml``); or a CSV file with a head ``image,label``, a row for
            each label of an image. An image of nothing has a row with an
            empty label. Four columns x0, y0, x1, y1, continuous pixels, may
            give a box.
        images (str): Folder of the images. Defaults to the root.
        image_list (str, optional): File with a name of an image in each
            line, without its suffix or with it: the images of this split.
            None: all.
        **kwargs: As of :class:`LocDataset`. Where the files of two splits
            name different classes, give the list of all: ``metainfo=
            dict(classes=[...])``. A test leaves out images without a box.

    Raises:
        ValueError: Malformed files, a class that ``classes`` lacks, or an
            image that is not there.
    """

    grid = None

    def __init__(
        self,
        data_root: str = '',
        ann_file: str = '',
        images: str = '',
        image_list: str | None = None,
        **kwargs,
    ):
        self.annotations = ann_file
        self.images = images
        self.image_list = image_list
        super().__init__(data_root=data_root, **kwargs)

    def load_samples(self) -> list[dict]:
        """Read classes, labels and boxes."""
        path = osp.join(self.data_root, self.annotations)
        if not osp.exists(path) or not self.annotations:
            raise ValueError(
                f'{type(self).__name__}: there is no {path}. Set ann_file to '
                'a COCO file, a folder of VOC files or a CSV file below '
                f'data_root, {self.data_root!r}.'
            )
        listed = self._listed()
        given = self._metainfo.get('classes')
        if osp.isdir(path):
            images = _read_folder(path, listed if given else None)
        elif path.endswith('.json'):
            coco = read_coco(path)
            images = coco.images
            given = given or coco.classes
        else:
            images = _read_csv(path)
        names = {name for image in images for name, _ in image.objects}
        classes = list(given or sorted(names - {'', NOTHING}))
        self.set_classes(classes)
        root = osp.join(self.data_root, self.images)
        if not osp.isdir(root):
            raise ValueError(
                f'{type(self).__name__}: there is no folder of images {root}. '
                f'Set images, the folder below data_root, {self.data_root!r}.'
            )
        files = {osp.splitext(name)[0]: name for name in os.listdir(root)}
        samples = []
        for image in images:
            if listed is not None and not listed & _spellings(image.name):
                continue
            name = files.get(image.name, image.name)
            samples.append(self._sample(root, name, image, classes))
        if self.test_mode:
            samples = [s for s in samples if 'ori_gt_bboxes' in s]
        return samples

    def _listed(self) -> set[str] | None:
        if self.image_list is None:
            return None
        path = osp.join(self.data_root, self.image_list)
        return {line.split()[0] for _, line in read_lines(path)}

    @staticmethod
    def _sample(
        root: str, name: str, image: AnnotatedImage, classes: Sequence[str]
    ) -> dict:
        unknown = {n for n, _ in image.objects} - {*classes, '', NOTHING}
        if unknown:
            raise ValueError(
                f'{image.name}: the class {min(unknown)!r} is not among the '
                f'{len(classes)} classes, {list(classes)[:3]} for example. '
                'Add it to metainfo.classes.'
            )
        objects = [
            (classes.index(name), box)
            for name, box in image.objects
            if name in classes
        ]
        sample = dict(
            img_path=inside(root, name, image.name),
            img_id=name,
            gt_label=np.unique([label for label, _ in objects]).astype(int),
        )
        boxed = [(label, box) for label, box in objects if len(box.xyxy)]
        if boxed:
            sample.update(box_fields([box for _, box in boxed]))
            sample['gt_bbox_labels'] = np.array([c for c, _ in boxed])
        if image.size is not None:
            sample['ann_size'] = image.size
        return sample


def _spellings(name: str) -> set[str]:
    """A name with folders and suffix, and without."""
    base = osp.basename(name)
    return {name, osp.splitext(name)[0], base, osp.splitext(base)[0]}


def _read_folder(path: str, listed: set[str] | None) -> list[AnnotatedImage]:
    """Read VOC files; all, for their classes, or those that are listed."""
    stems = sorted(
        osp.splitext(name)[0]
        for name in os.listdir(path)
        if name.endswith('.xml')
    )
    if listed is not None:
        stems = [stem for stem in stems if stem in listed]
    read = [read_voc_xml(osp.join(path, stem + '.xml')) for stem in stems]
    origin, _ = voc_origin(read)
    return [
        annotated(stem, image, origin)
        for stem, image in zip(stems, read, strict=True)
    ]


def _read_csv(path: str) -> list[AnnotatedImage]:
    """Read rows of image and label, perhaps with a box."""
    images: dict[str, AnnotatedImage] = {}
    with open_text(path) as file:
        rows = csv.DictReader(file)
        if not {'image', 'label'} <= set(rows.fieldnames or ()):
            fail(f'{path}:1', rows.fieldnames, "a head 'image,label'")
        for row in rows:
            where = f'{path}:{rows.line_num}'
            name, label = row['image'], row['label']
            if not name or label is None:
                fail(where, row, "'image,label'")
            label = check_name(label, where) if label.strip() else ''
            corners = [row.get(key) or '' for key in CORNERS]
            box = Box((), where)
            if any(corners):
                box = Box(numbers(corners, where, 'x0,y0,x1,y1'), where)
            image = images.setdefault(name, AnnotatedImage(name, None, []))
            image.objects.append((label, box))
    return list(images.values())
