"""Load an image with its boxes, and begin the homography."""

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile

from mmspg.registry import TRANSFORMS

from ..annotations.boxes import clip_boxes, fit_boxes
from ..annotations.faults import Faults, check_one_of
from ..annotations.grid import OtherImageError, bring_to
from ..images.headers import Header, read_header
from ..images.reading import DECODERS, EXIF, read_copy
from .geometry import SHAPE_KEY, move_boxes, scaling


@TRANSFORMS.register_module()
class LoadLocImage(LoadImageFromFile):
    """Load an image on the grid of its boxes, and begin the homography.

    mmcv's loader turns images as EXIF says, but ILSVRC and CUB are annotated
    on the stored pixels; and it fills in a truncated JPEG with grey. Boxes of
    your own photographs, however, lie on the image as people see it.

    Required keys: ``img_path``, or ``img``, an array ``(h, w, 3)`` or
    ``(h, w)`` uint8 in B, G, R, which is used as it is. Optional keys:
    ``ori_gt_bboxes`` ``(n, 4)``, ``ann_size`` (w, h), ``ann_source``
    (``'file:line'`` of each box), and ``ann_grid`` ('stored' or 'seen', the
    pixels on which boxes and size are annotated; 'stored' if missing).

    Added keys: ``img``, ``img_shape``, ``ori_shape``, ``homography``
    ``(3, 3)`` float64, for a file ``exif`` ('ignore' or 'apply', what was
    done) and, if there are boxes, ``gt_bboxes`` ``(n, 4)`` float32, the boxes
    clipped to the image. ``ori_gt_bboxes`` is brought to the pixels of
    ``ori_shape``: it is turned with the image, and rescaled if the image was
    resized after it was annotated.

    A copy that ``resize_images.py`` wrote represents its original:
    ``ori_shape``, ``ann_size`` and ``ori_gt_bboxes`` are in pixels of the
    original, while the homography leads to the pixels of the copy, and
    ``gt_bboxes`` is in these.

    Args:
        exif (str): 'apply' turns image and boxes as the EXIF orientation
            says, and 'ignore' leaves the stored pixels. 'auto' (default)
            loads the pixels of the annotation, which ``ann_grid`` gives.
        decoder (str): 'pillow' (default), or 'opencv' for plain JPEGs. It
            gives the same pixels in nine tenths of the time.
        min_side (int, optional): Decode a JPEG at a half, quarter or eighth
            of its size if its shorter side stays at least so long. A
            photograph of 12 megapixels is then read several times as fast. A
            resize must follow. With twice its size hardly a value changes.
        backend_args (dict, optional): As in mmcv's ``LoadImageFromFile``.

    Raises:
        UnreadableImageError: The image is missing, broken or truncated.
        ValueError: The size of the image is out of proportion with the
            annotated one.
    """

    def __init__(
        self,
        exif: str = 'auto',
        decoder: str = 'pillow',
        *,
        min_side: int | None = None,
        backend_args=None,
    ):
        check_one_of('exif', exif, (*EXIF, 'auto'))
        check_one_of('decoder', decoder, DECODERS)
        super().__init__(imdecode_backend=decoder, backend_args=backend_args)
        self.exif = exif
        if min_side is not None and min_side < 1:
            raise ValueError(f'min_side must be at least 1, got {min_side}')
        self.min_side = min_side

    def transform(self, results: dict) -> dict:
        """Load; see the class."""
        grid = results.get('ann_grid', 'stored')
        exif = self.exif
        if exif == 'auto':
            exif = 'apply' if grid == 'seen' else 'ignore'
        if results.get('img') is None:
            results['exif'] = exif
            results['img'], (ori_w, ori_h) = read_copy(
                results['img_path'],
                exif,
                self.backend_args,
                self.imdecode_backend,
                self.min_side,
            )
        else:
            if results['img'].ndim == 2:
                results['img'] = mmcv.gray2bgr(results['img'])
            ori_h, ori_w = results['img'].shape[:2]
        h, w = results['img'].shape[:2]
        results['ori_shape'] = (ori_h, ori_w)
        results['img_shape'] = results[SHAPE_KEY] = (h, w)
        results['homography'] = scaling(w / ori_w, h / ori_h)
        if 'ori_gt_bboxes' in results or 'ann_size' in results:
            wanted = 'seen' if exif == 'apply' else 'stored'
            self._place_boxes(results, (ori_w, ori_h), grid, wanted)
        return results

    def _place_boxes(self, results, size, grid, wanted):
        """Bring the boxes from their grid to that of the loaded image."""
        boxes = results.pop('ori_gt_bboxes', np.zeros((0, 4), np.float32))
        results.pop('gt_bboxes', None)
        annotated = results.get('ann_size')
        name = results.get('img_path') or results.get('img_id', '(array)')
        other_size = annotated is not None and tuple(annotated) != size
        if wanted != grid or other_size:
            header = None
            if 'img_path' in results:
                header = read_header(results['img_path'], self.backend_args)
            header = header or Header(size)
            if 'gt_mask_paths' in results and wanted != grid:
                self._check_masks(header, name)
            try:
                boxes = bring_to(wanted, boxes, annotated, header, name, grid)
            except OtherImageError:
                if not results.get('boxes_optional'):
                    raise
                boxes = boxes[:0]
            results['ann_size'] = size
        places = results.get('ann_source', [name])
        boxes = fit_boxes(boxes, size, places, name, Faults())
        if len(boxes):
            results['ori_gt_bboxes'] = boxes
            results['gt_bboxes'] = move_boxes(
                clip_boxes(boxes, size), results['homography']
            )

    def _check_masks(self, header, name):
        if header.orientation != 1:
            raise ValueError(
                f'LoadLocImage(exif={self.exif!r}): EXIF turns the image '
                f'{name}, and its masks do not fit the pixels that this '
                "setting loads. Use exif='auto'."
            )

    def __repr__(self):
        return (
            f"{type(self).__name__}(exif='{self.exif}', "
            f"decoder='{self.imdecode_backend}', min_side={self.min_side}, "
            f'backend_args={self.backend_args})'
        )
