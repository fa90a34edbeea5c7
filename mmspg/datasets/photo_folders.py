"""Photographs of one's own, one folder for each class."""

import os.path as osp

from mmspg.registry import DATASETS

from .annotations.boxes import box_fields
from .base import LocDataset
from .photographs.reading import PARTS, read_photos


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
        **kwargs: See :class:`LocDataset`. With ``test_mode`` the photographs
            without a box are left out if others have one.

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
                    boxes = [box for _, box in found.objects]
                    sample.update(box_fields(boxes))
                    if found.size is not None:
                        sample['ann_size'] = found.size
                samples.append(sample)
        boxed = [s for s in samples if 'ori_gt_bboxes' in s]
        return boxed if self.test_mode and boxed else samples
