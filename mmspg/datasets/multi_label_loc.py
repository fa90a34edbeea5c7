"""Images with several objects, from VOC, COCO or a CSV file of labels."""

import csv
import os
import os.path as osp
from collections.abc import Sequence

import numpy as np

from mmspg.registry import DATASETS

from .annotations.boxes import box_fields
from .annotations.class_lists import NOTHING, check_name, composed
from .annotations.coco import read_coco
from .annotations.faults import NO_OBJECT, check_one_of
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
from .images.file_formats import SUFFIXES

CORNERS = ('x0', 'y0', 'x1', 'y1')


@DATASETS.register_module()
class MultiLabelLoc(LocDataset):
    """Images with any number of classes, and boxes of their objects.

    ``gt_label`` is an array ``(k,)`` with the classes of an image, k >= 0.
    ``gt_bbox_labels`` ``(n,)`` has the class of each box of
    ``ori_gt_bboxes``. Set ``multi_label=True`` in the head to train on them.

    Args:
        data_root (str): The other paths are below it.
        ann_file (str): A COCO file (``.json``); a folder of VOC files
            (``.xml``); or a CSV file whose first line is ``image,label``,
            with one row for each label of an image. An image that shows no
            class has a row with an empty label. Four more columns, x0, y0,
            x1 and y1 in continuous pixels, may give a box.
        images (str): Folder of the images. Defaults to the root.
        image_list (str, optional): A file with the name of one image in each
            line, with or without its suffix; what follows a blank does not
            count. These are the images of the split. By default it has all
            images.
        grid (str, optional): What the boxes of images with an EXIF tag are
            on: 'stored' or 'seen'. Defaults to None, nobody knows.
        **kwargs: Arguments of :class:`LocDataset`. If the files of two
            splits name different classes, give the list of all classes as
            ``metainfo=dict(classes=[...])``. A test leaves out images
            without a box, and says how many.

    Raises:
        ValueError: A file is malformed, ``classes`` lacks a class, an image
            of ``image_list`` has no annotation, two images differ in their
            suffix only, or an image is missing.
    """

    def __init__(
        self,
        data_root: str = '',
        ann_file: str = '',
        images: str = '',
        image_list: str | None = None,
        grid: str | None = None,
        **kwargs,
    ):
        check_one_of('MultiLabelLoc: grid', grid, (None, 'stored', 'seen'))
        self.grid = grid
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
        given = composed(self._metainfo.get('classes') or ())
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
        if listed is not None:
            images = self._chosen(images, listed)
        files = _images_by_stem(root)
        samples = []
        for image in images:
            name, *others = files.get(image.name, [image.name])
            if others:
                raise ValueError(
                    f'{root} has {name} and {others[0]}, and the annotation '
                    f'of {image.name!r} may mean either. Remove one of them.'
                )
            samples.append(self._sample(root, name, image, classes))
        if self.test_mode:
            bare = [s for s in samples if 'ori_gt_bboxes' not in s]
            samples = [s for s in samples if 'ori_gt_bboxes' in s]
            for sample in bare:
                self.faults.add(NO_OBJECT, sample['img_id'])
        return samples

    def _listed(self) -> dict[str, str] | None:
        """Read the list: each line, and where it is."""
        if self.image_list is None:
            return None
        path = osp.join(self.data_root, self.image_list)
        return {line: where for where, line in read_lines(path)}

    def _chosen(
        self, images: list[AnnotatedImage], listed: dict[str, str]
    ) -> list[AnnotatedImage]:
        """Give the images of the list, whole lines or their first words."""
        names = {key for i in images for key in _spellings(i.name)}
        wanted, lost = set(), []
        for line, where in listed.items():
            word = line.split()[0]
            spelt = (line, _stem(line), word, _stem(word))
            name = next((name for name in spelt if name in names), None)
            if name is None:
                lost.append(where)
            else:
                wanted.add(name)
        if lost:
            raise ValueError(
                f'{lost[0]}: the image has no annotation in '
                f'{osp.join(self.data_root, self.annotations)}'
                + (f' ({len(lost)} images of the list)' if lost[1:] else '')
                + '. Correct the list, or annotate the image.'
            )
        return [i for i in images if _spellings(i.name) & wanted]

    def _sample(
        self,
        root: str,
        name: str,
        image: AnnotatedImage,
        classes: Sequence[str],
    ) -> dict:
        unknown = {n for n, _ in image.objects} - {*classes, '', NOTHING}
        if unknown:
            raise ValueError(
                f'{image.name}: the class {min(unknown)!r} is not among the '
                f'{len(classes)} classes, which begin with '
                f'{list(classes)[:3]}. Add it to metainfo.classes.'
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
        if self.grid == 'seen':
            sample['ann_grid'] = 'seen'
        return sample


def _stem(name: str) -> str:
    """Give a name without the suffix of an image or an annotation."""
    stem, suffix = osp.splitext(name)
    return stem if suffix.lower() in {*SUFFIXES, '.xml'} else name


def _spellings(name: str) -> set[str]:
    """Give a name with and without its folders and its suffix."""
    base = osp.basename(name)
    return {name, base, _stem(name), _stem(base)}


def _images_by_stem(root: str) -> dict[str, list[str]]:
    """Find the images of a folder by their names without suffix."""
    found: dict[str, list[str]] = {}
    for name in sorted(os.listdir(root)):
        if name.lower().endswith(SUFFIXES):
            found.setdefault(_stem(name), []).append(name)
    return found


def _read_folder(
    path: str, listed: dict[str, str] | None
) -> list[AnnotatedImage]:
    """Read all VOC files of a folder, or only those that are listed."""
    stems = sorted(
        osp.splitext(name)[0]
        for name in os.listdir(path)
        if name.endswith('.xml')
    )
    if listed is not None:
        words = {word for line in listed for word in (line, line.split()[0])}
        wanted = words | {_stem(word) for word in words}
        stems = [stem for stem in stems if stem in wanted]
    read = [read_voc_xml(osp.join(path, stem + '.xml')) for stem in stems]
    origin, _ = voc_origin(read)
    return [
        annotated(stem, image, origin)
        for stem, image in zip(stems, read, strict=True)
    ]


def _read_csv(path: str) -> list[AnnotatedImage]:
    """Read rows of an image and a label, which may have a box."""
    images: dict[str, AnnotatedImage] = {}
    with open_text(path) as file:
        rows = csv.DictReader(file)
        if not {'image', 'label'} <= set(rows.fieldnames or ()):
            fail(f'{path}:1', rows.fieldnames, "the header 'image,label'")
        others = set(rows.fieldnames or ()) - {'image', 'label', *CORNERS}
        some = set(CORNERS) & set(rows.fieldnames or ())
        if len(some) < 4 and (others or some):
            fail(
                f'{path}:1',
                rows.fieldnames,
                "the header 'image,label' or 'image,label,x0,y0,x1,y1'",
            )
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
