"""CUB-200-2011 as it is distributed, with its boxes."""

import os.path as osp

import numpy as np

from mmspg.registry import DATASETS

from .base import LocDataset
from .formats import agree, fail, integer, numbers, read_table
from .paths import find, inside


@DATASETS.register_module()
class CUBLoc(LocDataset):
    """Birds of CUB-200-2011, one box each; any number of classes.

    Reads ``images.txt``, ``image_class_labels.txt``,
    ``train_test_split.txt``, ``bounding_boxes.txt`` and ``classes.txt`` of
    the data root; images lie in ``images/``. The file's ``x y w h`` become
    the corners ``x, y, x + w, y + h``. Sizes are not annotated, so boxes
    are checked against their image when it is loaded.

    Args:
        data_root (str): The folder ``CUB_200_2011``.
        split (str): 'train' or 'test'.
        **kwargs: As of :class:`LocDataset`.
    """

    SPLITS = ('train', 'test')
    METAINFO = dict(dataset_type='CUB-200-2011')

    def load_samples(self) -> list[dict]:
        """Read the five files."""
        files = {
            name: find(
                self.data_root, f'{name}.txt', what=f'the {name}.txt of CUB'
            )
            for name in (
                'images',
                'image_class_labels',
                'train_test_split',
                'bounding_boxes',
                'classes',
            )
        }
        columns = dict(
            images=(2, "'image-id path'"),
            image_class_labels=(2, "'image-id class-id'"),
            train_test_split=(2, "'image-id is-training'"),
            bounding_boxes=(5, "'image-id x y width height'"),
            classes=(2, "'class-id name'"),
        )
        tables = {
            name: read_table(path, *columns[name])
            for name, path in files.items()
        }
        for name in columns:
            if name not in ('images', 'classes'):
                agree(
                    tables['images'],
                    files['images'],
                    tables[name],
                    files[name],
                )
        names = [name for _, (name,) in tables['classes'].values()]
        for i, (number, (where, _)) in enumerate(tables['classes'].items(), 1):
            if number != str(i):
                fail(where, number, f'class {i}: ids count up from 1')
        self.set_classes(names)
        self.image_root = osp.join(self.data_root, 'images')
        return [
            self._sample(tables, image, len(names))
            for image in tables['images']
            if self._wanted(tables, image)
        ]

    def _wanted(self, tables, image) -> bool:
        where, (flag,) = tables['train_test_split'][image]
        if flag not in ('0', '1'):
            fail(where, flag, '1 for training or 0 for test')
        return flag == str(int(self.split == 'train'))

    def _sample(self, tables, image, num_classes) -> dict:
        where, (path,) = tables['images'][image]
        where_label, (label,) = tables['image_class_labels'][image]
        label = integer(label, where_label, 'a class id', 1)
        if label > num_classes:
            fail(
                where_label,
                label,
                f'a class id of classes.txt, 1 to {num_classes}',
            )
        where_box, box = tables['bounding_boxes'][image]
        x, y, w, h = numbers(box, where_box, 'x y width height, numbers')
        return dict(
            img_path=inside(self.image_root, path, where),
            img_id=path,
            gt_label=label - 1,
            ori_gt_bboxes=np.array([[x, y, x + w, y + h]], np.float32),
            ann_source=[where_box],
        )
