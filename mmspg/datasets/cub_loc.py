"""CUB-200-2011 as it is distributed, with its boxes."""

import os.path as osp

from mmspg.registry import DATASETS

from .annotations.boxes import box_fields
from .annotations.formats import (
    Box,
    agree,
    fail,
    integer,
    numbers,
    read_table,
)
from .annotations.paths import find, inside
from .base import LocDataset

BOXES = 'bounding_boxes'
COLUMNS = dict(
    images=(2, "'image-id path'"),
    image_class_labels=(2, "'image-id class-id'"),
    train_test_split=(2, "'image-id is-training'"),
    bounding_boxes=(5, "'image-id x y width height'"),
    classes=(2, "'class-id name'"),
)


@DATASETS.register_module()
class CUBLoc(LocDataset):
    """Birds of CUB-200-2011, one box for each image.

    The data root has ``images.txt``, ``image_class_labels.txt``,
    ``train_test_split.txt``, ``bounding_boxes.txt`` and ``classes.txt``, and
    the images are in ``images/``. The file's ``x y w h`` become the corners
    ``x, y, x + w, y + h``. In the original data 8 of the 11,788 boxes leave
    their image. They are clipped, as in the WSOL benchmark. The number of
    classes may be another one.

    Args:
        data_root (str): The folder ``CUB_200_2011``.
        split (str): 'train' or 'test'.
        **kwargs: See :class:`LocDataset`.
    """

    SPLITS = ('train', 'test')
    METAINFO = dict(dataset_type='CUB-200-2011')

    def load_samples(self) -> list[dict]:
        """Read the five files."""
        files = {
            name: find(
                self.data_root, f'{name}.txt', what=f'the {name}.txt of CUB'
            )
            for name in COLUMNS
        }
        tables = {
            name: read_table(path, *COLUMNS[name])
            for name, path in files.items()
            if name != BOXES
        }
        tables[BOXES] = self.read_boxes(lambda: self._boxes(files, tables), {})
        for name in ('image_class_labels', 'train_test_split'):
            agree(tables['images'], files['images'], tables[name], files[name])
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

    def _boxes(self, files, tables) -> dict[str, Box]:
        table = read_table(files[BOXES], *COLUMNS[BOXES])
        agree(tables['images'], files['images'], table, files[BOXES])
        boxes = {}
        for image, (where, texts) in table.items():
            x, y, w, h = numbers(texts, where, 'x y width height, numbers')
            boxes[image] = Box((x, y, x + w, y + h), where)
        return boxes

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
        sample = dict(
            img_path=inside(self.image_root, path, where),
            img_id=path,
            gt_label=label - 1,
        )
        if image in tables[BOXES]:
            sample.update(box_fields([tables[BOXES][image]]))
        return sample
