"""Make the parts of a picture: panels, boxes and lines of the caption."""

from typing import NamedTuple

import matplotlib
import mmcv
import numpy as np

from mmspg.evaluation.functional import box_iou, to_inclusive

from .palette import Palette


class Line(NamedTuple):
    """A line of the caption, and the look of the box that it explains."""

    text: str
    colour: tuple | None = None
    dashed: bool = False


def check_image(image) -> None:
    """Refuse everything but an ``(H, W, 3)`` uint8 array."""
    if (
        not isinstance(image, np.ndarray)
        or image.dtype != np.uint8
        or image.ndim != 3
        or image.shape[2] != 3
    ):
        raise ValueError(
            'image must be an (H, W, 3) uint8 array in RGB, got '
            f'{getattr(image, "dtype", type(image).__name__)} of shape '
            f'{getattr(image, "shape", "?")}. mmcv.imread(path, '
            "channel_order='rgb') gives such an array"
        )


def panels_of(image, found, colours: Palette, alpha, min_side, max_side):
    """Scale the image and, if there is a map, lay it over a copy.

    Returns:
        list[ndarray]: One or two panels, ``(h, w, 3)`` uint8 RGB.

    Raises:
        ValueError: The map belongs to an image of another size.
    """
    height, width = image.shape[:2]
    longer = max(height, width)
    scale = np.clip(longer, min_side, max_side) / longer
    size = [max(1, round(side * scale)) for side in (width, height)]
    how = 'area' if scale < 1 else 'bicubic'
    plain = mmcv.imresize(image, size, interpolation=how)
    if not found:
        return [plain]
    if image.shape[:2] != found.score_map.shape:
        raise ValueError(
            f'the image is {width} x {height} pixels, but its ori_shape says '
            f'{found.score_map.shape[1]} x {found.score_map.shape[0]}. Give '
            'the stored image: do not resize it, nor turn it by its EXIF tag'
        )
    how = 'area' if scale < 1 else 'bilinear'
    score_map = mmcv.imresize(found.score_map, size, interpolation=how)
    heat = matplotlib.colormaps[colours.heat](score_map)[..., :3] * 255
    return [plain, np.uint8((1 - alpha) * plain + alpha * heat + 0.5)]


def boxes_on_panel(panel, image, found, gt_boxes, colours: Palette) -> list:
    """Scale the predicted and the true boxes of an image to a panel.

    Returns:
        list[tuple]: Corners ``(4,)``, colour, and whether it is dashed.
    """
    size = np.tile(image.shape[1::-1], 2)
    scale = np.tile(panel.shape[1::-1], 2) / size
    boxes = [(box, colours.true, True) for box in gt_boxes]
    if found:
        corners = np.atleast_2d(found.box) + (0, 0, 1, 1)
        boxes = [(box, colours.predicted, False) for box in corners] + boxes
    return [(np.clip(box, 0, size) * scale, *look) for box, *look in boxes]


def prediction_lines(data_sample, found, classes, colours) -> list[Line]:
    """Write the predicted classes, and that of the map if it is another."""
    labels = data_sample.pred_label.tolist()
    names = [class_name(label, classes) for label in labels]
    if 'pred_score' in data_sample:
        scores = [float(data_sample.pred_score[label]) for label in labels]
        names = [f'{n}, {s:.2f}' for n, s in zip(names, scores, strict=True)]
    text = f'predicted: {"; ".join(names) or "no class"}'
    if not found:
        return [Line(text)]
    if found.label in labels:
        return [Line(text, colours.predicted)]
    other = f'map and box of: {class_name(found.label, classes)}'
    return [Line(text), Line(other, colours.predicted)]


def agreement_line(box, gt_boxes, threshold) -> Line:
    """Write the threshold and, if there are true boxes, the best IoU."""
    text = f'threshold {threshold:.2g}'
    if len(gt_boxes):
        iou = box_iou(np.atleast_2d(box), to_inclusive(gt_boxes)).max()
        text = f'IoU {iou:.2f}, {text}'
    return Line(text)


def class_name(label, classes) -> str:
    """Give the name of a class, or its number if it has no name."""
    if classes is None or not 0 <= label < len(classes):
        return f'class {label}'
    return str(classes[label])
