"""Your own photographs, one folder for each class."""

import os.path as osp
from itertools import chain

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import DATASETS
from mmspg.utils.warn import warn

from .annotations.boxes import box_fields, check_lost
from .annotations.class_lists import NOTHING
from .annotations.columns import Columns, Names
from .base import LocDataset
from .photographs.boxes import read_box_list
from .photographs.reading import PARTS, Photos, read_photos, repeated_test
from .photographs.trained_on import trained_on


@DATASETS.register_module()
class PhotoFolders(LocDataset):
    """Photographs in folders, whose names are the classes.

    ``root/cat/1.jpg`` is a photograph of the class 'cat'. The names of the
    photographs decide which are in train, val and test, see `divide`. If
    there are folders ``train``, ``val`` and ``test``, they are taken as they
    are. Boxes come from a COCO file, or from VOC or YOLO files among the
    photographs. They belong to the image as EXIF turns it.

    Args:
        data_root (str): The folder.
        split (str): 'train', 'val' or 'test'.
        boxes (str, optional): File or folder of boxes. Defaults to the files
            found among the photographs.
        pseudo_boxes (str, optional): ``boxes.csv`` of ``label_images.py``
            for the folder ``data_root``: what the part train learns boxes
            from. Parts are divided, and figures taken, by ``boxes`` alone.
        **kwargs: See :class:`LocDataset`. With ``test_mode`` the photographs
            without a box are left out if others have one.

    Raises:
        ValueError: See :func:`read_photos`.
    """

    SPLITS = PARTS
    grid = 'seen'

    def __init__(
        self,
        data_root='',
        split='train',
        boxes=None,
        pseudo_boxes=None,
        **kwargs,
    ):
        self.boxes = boxes
        self.pseudo_boxes = pseudo_boxes
        self.trained_on = ''  # of the part train
        self._photos: Photos | None = None  # between the two ways to read
        super().__init__(data_root=data_root, split=split, **kwargs)

    def load_columns(self) -> Columns | None:
        """Read the photographs to train on, if none of them has a box."""
        photos = self._photos = self._read()
        parts = photos.parts[self.split]
        names = [name for some in parts.values() for name in some]
        if self.pseudo_boxes or not photos.boxes.keys().isdisjoint(names):
            return None
        plain = Names.found(names)
        if plain is None:
            return None
        numbers = [photos.classes.index(name) for name in parts]
        labels = np.repeat(numbers, [len(some) for some in parts.values()])
        self._photos = None
        return Columns(self.data_root, plain, labels, ann_grid='seen')

    def _read(self) -> Photos:
        photos = read_photos(self.data_root, self.boxes)
        self.set_classes(photos.classes)
        if self.split == 'train':
            names = chain.from_iterable(photos.parts['train'].values())
            self.trained_on = trained_on(names)
        else:
            self.faults.update(photos.faults)
        if self.split == 'test':
            for sentence in repeated_test(self.data_root, photos.parts):
                warn(sentence)
        return photos

    def load_samples(self) -> list[dict]:
        """Read names, classes and boxes."""
        photos, self._photos = self._photos or self._read(), None
        boxed_images = photos.boxes
        if self.pseudo_boxes and self.split == 'train':
            there = osp.isfile(self.pseudo_boxes)
            boxed_images = read_box_list(self.pseudo_boxes) if there else {}
        samples = []
        for label, some in photos.parts[self.split].items():
            for name in some:
                sample = dict(
                    img_path=osp.join(self.data_root, name),
                    img_id=name,
                    gt_label=photos.classes.index(label),
                    ann_grid='seen',
                )
                found = boxed_images.get(name)
                if found:
                    boxes = [box for _, box in found.objects]
                    sample.update(box_fields(boxes))
                    if found.size is not None:
                        sample['ann_size'] = found.size
                samples.append(sample)
        boxed = [s for s in samples if 'ori_gt_bboxes' in s]
        if self.pseudo_boxes and self.split == 'train' and not boxed:
            raise ValueError(
                f'there is no {self.pseudo_boxes}, or it has no box of a '
                f'photograph to train on below {self.data_root}. Label this '
                'folder: python tools/labeling/label_images.py '
                f'{self.data_root} CHECKPOINT'
            )
        return boxed if self.test_mode and boxed else samples

    def _fit(self, samples: list[dict]) -> list[dict]:
        """Fit all boxes, and check those to train on."""
        number = sum(len(s.get('ori_gt_bboxes', ())) for s in samples)
        samples = super()._fit(samples)
        if self.pseudo_boxes and self.split == 'train':
            check_lost(self.faults, number)
            classes = self.metainfo['classes']
            shown = [s for s in samples if classes[s['gt_label']] != NOTHING]
            usable = sum('ori_gt_bboxes' in s for s in shown)
            text = (
                f'{usable} of {len(shown)} photographs to train on have a '
                f'usable box in {self.pseudo_boxes}.'
            )
            if 2 * usable < len(shown):
                raise ValueError(
                    f'{text} At least half must have one. Label this folder '
                    'again: python tools/labeling/label_images.py '
                    f'{self.data_root} CHECKPOINT'
                )
            print_log(text, 'current')
        return samples
