"""The base of all transforms that move pixels; it also moves the boxes.

The pipeline keeps one matrix, ``homography`` ``(3, 3)`` float64, from
continuous pixel coordinates of the stored image to those of the current
image, and the shape of the current image. A transform gives the matrix of its
step. Boxes and homography are updated only here.
"""

from abc import abstractmethod

import numpy as np

from ..annotations.boxes import clip_boxes

SHAPE_KEY = 'homography_shape'


def scaling(x: float, y: float) -> np.ndarray:
    """Give the matrix that multiplies the coordinates by x and y."""
    return np.diag([x, y, 1.0])


def translation(x: float, y: float) -> np.ndarray:
    """Give the matrix that adds x and y to the coordinates."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def mirror(w: float, h: float, direction: str) -> np.ndarray:
    """Give the matrix that flips a ``w x h`` image like ``mmcv.imflip``."""
    matrix = np.eye(3)
    if direction in ('horizontal', 'diagonal'):
        matrix[0] = -1, 0, w
    if direction in ('vertical', 'diagonal'):
        matrix[1] = 0, -1, h
    return matrix


def move_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Move boxes by scalings, shifts and flips.

    Args:
        boxes (np.ndarray): Continuous corners, ``(n, 4)``.
        matrix (np.ndarray): ``(3, 3)``, without rotation or shear.

    Returns:
        np.ndarray: ``(n, 4)`` float32, not clipped.
    """
    scale, shift = np.diag(matrix)[:2], matrix[:2, 2]
    corners = boxes.reshape(-1, 2, 2).astype(np.float64) * scale + shift
    corners.sort(axis=1)  # a flip swaps left and right
    return corners.reshape(-1, 4).astype(np.float32)


def check_followed(results: dict, name: str) -> None:
    """Refuse an image whose homography is missing or leads to another shape.

    Args:
        results (dict): The results dict of the pipeline.
        name (str): Name of the transform that checks, for the message.

    Raises:
        ValueError: A transform has moved pixels but no boxes.
    """
    if 'homography' not in results:
        raise ValueError(
            f"{name} finds no 'homography', so it cannot move boxes. Begin "
            "the pipeline with dict(type='mmspg.LoadLocImage')."
        )
    shape, led_to = results['img'].shape[:2], results[SHAPE_KEY]
    if shape != led_to:
        raise ValueError(
            f'{name} got an image of {shape[0]} x {shape[1]} (h x w), but '
            f'the boxes belong to one of {led_to[0]} x {led_to[1]}: a '
            'transform before it has moved pixels but no boxes. Use the '
            'mmspg.Loc... transforms: LocResize, LocResizeEdge, '
            'LocRandomCrop, LocCenterCrop, LocCrop, LocRandomFlip.'
        )


class LocTransform:
    """A mixin that moves ``gt_bboxes`` and ``homography`` with the pixels.

    List it before the transform of mmcv or mmpretrain in the bases, and write
    :meth:`step`. Boxes that leave the image are clipped. A box that is wholly
    outside becomes empty, so that number and order of the boxes stay.
    """

    @abstractmethod
    def step(self, results: dict) -> np.ndarray:
        """Change ``results['img']`` and return the ``(3, 3)`` matrix."""

    def transform(self, results: dict) -> dict:
        """Apply the step; update boxes, homography and ``img_shape``.

        Args:
            results (dict): Needs ``img`` and ``homography``; moves
                ``gt_bboxes`` ``(n, 4)`` if present.

        Returns:
            dict: The same dict.

        Raises:
            ValueError: See :func:`check_followed`.
        """
        check_followed(results, type(self).__name__)
        boxes = results.pop('gt_bboxes', None)  # or mmcv would move them
        matrix = self.step(results)
        h, w = results['img'].shape[:2]
        if boxes is not None:
            results['gt_bboxes'] = clip_boxes(
                move_boxes(boxes, matrix), (w, h)
            )
        results['homography'] = matrix @ results['homography']
        results['img_shape'] = results[SHAPE_KEY] = (h, w)
        return results
