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
from ..images.turbo import get_turbo
from .geometry import SHAPE_KEY, move_boxes, scaling


@TRANSFORMS.register_module()
class LoadLocImage(LoadImageFromFile):
    """Load an image on the grid of its boxes, and begin the homography.

    mmcv's loader rotates by EXIF, while ILSVRC and CUB are annotated on the
    stored pixels; and it passes a truncated JPEG as a grey rest. One's own
    photographs are annotated as people see them.

    Required keys: ``img_path``, or ``img``, an array ``(h, w, 3)`` or
    ``(h, w)`` uint8 in B, G, R, which is taken as it is. Optional:
    ``ori_gt_bboxes`` ``(n, 4)``, ``ann_size`` (w, h), ``ann_source``
    (``'file:line'`` of each box), ``ann_grid`` ('stored' or 'seen', what
    boxes and size are annotated on; 'stored' without it).

    Added keys: ``img``, ``img_shape``, ``ori_shape``, of a file ``exif``
    ('ignore' or 'apply', what was done), ``homography`` ``(3, 3)`` float64
    and, with boxes, ``gt_bboxes`` ``(n, 4)`` float32, the boxes clipped to
    the image. ``ori_gt_bboxes`` is brought to the pixels of ``ori_shape``:
    turned with the image, and rescaled where it was shrunk after annotation.

    A copy that ``resize_images.py`` wrote stands for its original:
    ``ori_shape``, ``ann_size`` and ``ori_gt_bboxes`` are in pixels of that,
    and the homography and ``gt_bboxes`` lead to those of the copy.

    Args:
        exif (str): 'apply' turns image and boxes as the EXIF orientation
            says, 'ignore' leaves the stored pixels, 'auto' (default) does
            what the annotation was made on: ``ann_grid``.
        decoder (str): 'pillow' (default), or 'turbojpeg', the same pixels in
            four fifths of the time, for plain JPEGs, by PyTurboJPEG.
        backend_args (dict, optional): As of mmcv's ``LoadImageFromFile``.

    Raises:
        ImportError: PyTurboJPEG or its library is missing.
        UnreadableImageError: Missing, broken or truncated image.
        ValueError: The size is out of proportion with the annotated one.
    """

    def __init__(
        self,
        exif: str = 'auto',
        decoder: str = 'pillow',
        *,
        backend_args=None,
    ):
        check_one_of('exif', exif, (*EXIF, 'auto'))
        check_one_of('decoder', decoder, DECODERS)
        if decoder == 'turbojpeg':
            get_turbo()  # or say now that it is missing
        super().__init__(imdecode_backend=decoder, backend_args=backend_args)
        self.exif = exif

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
                f'LoadLocImage(exif={self.exif!r}): image {name} is turned by '
                'its EXIF tag, and its masks are not drawn on the image that '
                "this gives. Use exif='auto'."
            )

    def __repr__(self):
        return (
            f"{type(self).__name__}(exif='{self.exif}', "
            f"decoder='{self.imdecode_backend}', "
            f'backend_args={self.backend_args})'
        )
