"""Pack the sample, and check that its boxes have moved with the image."""

import cv2
import numpy as np
import torch
from mmpretrain.datasets.transforms import PackInputs

from mmspg.registry import TRANSFORMS

from ..annotations.boxes import clip_boxes
from .geometry import check_followed, move_boxes

BOX_KEYS = ('gt_bboxes', 'ori_gt_bboxes')
LABELS = 'gt_bbox_labels'
META_KEYS = PackInputs.DEFAULT_META_KEYS + (
    'img_id',
    'exif',
    'homography',
    'gt_mask_paths',
    'gt_ignore_path',
)


@TRANSFORMS.register_module()
class PackLocInputs(PackInputs):
    """mmpretrain's ``PackInputs`` plus boxes, ``img_id`` and homography.

    If the image has boxes, the data sample gets ``gt_bboxes`` ``(n, 4)`` in
    continuous coordinates of the input and ``ori_gt_bboxes`` ``(n, 4)`` in
    those of the stored image, both float32. The metainfo has ``img_id``,
    ``homography`` ``(3, 3)``, and the mask paths of data sets with masks.

    Args:
        input_key (str): Key of the image. Defaults to 'img'.
        algorithm_keys (Sequence[str]): Further fields to pack.
        meta_keys (Sequence[str]): Metainfo to pack.

    Raises:
        ValueError: A transform of the pipeline has moved the image or the
            boxes without the homography. A transform that keeps the shape,
            for example a rotation, is not noticed here, but
            :func:`mmspg.datasets.transforms.check_pipeline` refuses it when
            the data set is built.
    """

    DEFAULT_META_KEYS = META_KEYS

    def __init__(
        self, input_key='img', algorithm_keys=(), meta_keys=META_KEYS
    ):
        keys = (*BOX_KEYS, LABELS)
        keys += tuple(k for k in algorithm_keys if k not in keys)
        super().__init__(input_key, keys, meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack; see the class."""
        check_followed(results, type(self).__name__)
        self._check_boxes(results)
        for key in BOX_KEYS:
            if key in results:
                results[key] = torch.from_numpy(
                    np.asarray(results[key], np.float32)
                )
        if LABELS in results:
            results[LABELS] = torch.from_numpy(
                np.asarray(results[LABELS], np.int64)
            )
        return super().transform(results)

    @staticmethod
    def format_input(image):
        """Bring the channels first, in a third of the usual time."""
        usual = (
            isinstance(image, np.ndarray)
            and image.dtype == np.uint8
            and image.shape[2:] == (3,)
            and image.strides[1:] in ((3, 1), (-3, 1))
            and image.strides[0] > 0
        )
        if not usual:
            return PackInputs.format_input(image)
        if image.strides[1] < 0:  # a view that is flipped
            image = cv2.flip(image[:, ::-1], 1)
        planes = np.empty((3, *image.shape[:2]), np.uint8)
        cv2.split(image, list(planes))
        return torch.from_numpy(planes)

    @staticmethod
    def _check_boxes(results: dict) -> None:
        """Refuse boxes that are not where the homography puts them."""
        if 'ori_gt_bboxes' not in results:
            return
        (ori_h, ori_w), (h, w) = results['ori_shape'], results['img_shape']
        ori = clip_boxes(results['ori_gt_bboxes'], (ori_w, ori_h))
        expected = clip_boxes(move_boxes(ori, results['homography']), (w, h))
        boxes = results.get('gt_bboxes')
        if (
            boxes is None
            or boxes.shape != expected.shape
            or (np.abs(boxes - expected).max(initial=0) > 0.01)
        ):
            raise ValueError(
                'PackLocInputs: gt_bboxes are not where the homography puts '
                'them. A transform has moved boxes without the homography, as '
                "mmcv's Resize, RandomFlip and CenterCrop do. Use "
                'mmspg.LocResize, mmspg.LocRandomFlip, mmspg.LocCenterCrop.'
            )
