"""The loader: image, first homography, boxes clipped to the image."""

import logging

import mmcv
from mmcv.transforms import LoadImageFromFile
from mmengine.logging import print_log

from mmspg.registry import TRANSFORMS

from ..boxes import check_boxes
from ..images import DECODERS, EXIF, read_copy
from ..turbo import get_turbo
from .geometry import SHAPE_KEY, move_boxes, scaling


@TRANSFORMS.register_module()
class LoadLocImage(LoadImageFromFile):
    """Load an image as its boxes were annotated, and start following them.

    mmcv's loader rotates by EXIF, while ILSVRC and CUB are annotated on the
    unrotated pixels; and it passes a truncated JPEG as a grey rest.

    Required keys: ``img_path``, or ``img``, an array ``(h, w, 3)`` or
    ``(h, w)`` uint8 in B, G, R, which is taken as it is. Optional:
    ``ori_gt_bboxes`` ``(n, 4)``, ``ann_size`` (w, h), ``ann_source``
    (``'file:line'`` of each box).

    Added keys: ``img``, ``img_shape``, ``ori_shape``, ``homography``
    ``(3, 3)`` float64 and, with boxes, ``gt_bboxes`` ``(n, 4)`` float32, the
    boxes clipped to the image.

    A copy that ``resize_images.py`` wrote stands for its original:
    ``ori_shape``, ``ann_size`` and ``ori_gt_bboxes`` are in pixels of that,
    and the homography and ``gt_bboxes`` lead to those of the copy.

    Args:
        exif (str): 'ignore' (default), or 'apply' to turn the image as its
            EXIF orientation says: for pictures of one's own, without boxes.
        decoder (str): 'pillow' (default), or 'turbojpeg', the same pixels in
            four fifths of the time, for plain JPEGs, by PyTurboJPEG.
        backend_args (dict, optional): As of mmcv's ``LoadImageFromFile``.

    Raises:
        ImportError: PyTurboJPEG or its library is missing.
        UnreadableImageError: Missing, broken or truncated image.
        ValueError: The size is not the annotated one, or a box is outside.
    """

    def __init__(
        self,
        exif: str = 'ignore',
        decoder: str = 'pillow',
        *,
        backend_args=None,
    ):
        if exif not in EXIF:
            raise ValueError(f'exif must be one of {EXIF}, got {exif!r}.')
        if decoder not in DECODERS:
            raise ValueError(
                f'decoder must be one of {DECODERS}, got {decoder!r}.'
            )
        if decoder == 'turbojpeg':
            get_turbo()  # or say now that it is missing
        super().__init__(imdecode_backend=decoder, backend_args=backend_args)
        self.exif = exif
        self.num_clipped = 0

    def transform(self, results: dict) -> dict:
        """Load; see the class."""
        if self.exif == 'apply' and 'ori_gt_bboxes' in results:
            raise ValueError(
                "LoadLocImage(exif='apply') would turn the image away from "
                'its boxes, which are annotated on the stored pixels: use '
                "exif='ignore' for data with boxes."
            )
        name = results.get('img_path') or results.get('img_id', '(array)')
        if results.get('img') is None:
            results['img'], (ori_w, ori_h) = read_copy(
                results['img_path'],
                self.exif,
                self.backend_args,
                self.imdecode_backend,
            )
        else:
            if results['img'].ndim == 2:
                results['img'] = mmcv.gray2bgr(results['img'])
            ori_h, ori_w = results['img'].shape[:2]
        h, w = results['img'].shape[:2]
        self._check_size(results, (ori_w, ori_h), name)
        results['ori_shape'] = (ori_h, ori_w)
        results['img_shape'] = results[SHAPE_KEY] = (h, w)
        results['homography'] = scaling(w / ori_w, h / ori_h)
        if 'ori_gt_bboxes' in results:
            sources = results.get('ann_source', [name])
            boxes, clipped = check_boxes(
                results['ori_gt_bboxes'], (ori_w, ori_h), sources, name
            )
            results['gt_bboxes'] = move_boxes(boxes, results['homography'])
            self._count(clipped if 'ann_source' in results else 0, name)
        return results

    @staticmethod
    def _check_size(results, size, name):
        annotated = results.get('ann_size')
        if annotated is not None and tuple(annotated) != size:
            raise ValueError(
                f'image {name} is {size[0]} x {size[1]} pixels (width x '
                f'height), but its annotation says {annotated[0]} x '
                f'{annotated[1]}: boxes would not fit. Use the image that '
                'was annotated, neither resized nor rotated.'
            )

    def _count(self, clipped, name):
        """Count boxes that no dataset could check before; tell once."""
        if clipped and not self.num_clipped:
            print_log(
                f'A box of {name} reached up to a pixel out of its image and '
                'was clipped; further ones are clipped and counted silently '
                '(LoadLocImage.num_clipped).',
                'current',
                logging.WARNING,
            )
        self.num_clipped += clipped

    def __repr__(self):
        return (
            f"{type(self).__name__}(exif='{self.exif}', "
            f"decoder='{self.imdecode_backend}', "
            f'backend_args={self.backend_args})'
        )
