"""One's own photographs, a folder a class."""

import os.path as osp

from mmspg.registry import DATASETS

from .annotations.boxes import box_fields
from .base import LocDataset
from .photographs.reading import PARTS, read_photos


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
                    boxes = [box for _, box in found.objects]
                    sample.update(box_fields(boxes))
                    if found.size is not None:
                        sample['ann_size'] = found.size
                samples.append(sample)
        boxed = [s for s in samples if 'ori_gt_bboxes' in s]
        return boxed if self.test_mode and boxed else samples
