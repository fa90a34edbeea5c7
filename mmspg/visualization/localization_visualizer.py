"""Image, score map and boxes side by side."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import mmcv
import numpy as np
from matplotlib.patches import Rectangle
from mmengine.dist import master_only
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from mmspg.evaluation.functional import box_iou, get_rule, to_inclusive
from mmspg.evaluation.locate import locate
from mmspg.registry import VISUALIZERS

from .palette import Palette, get_palette

# In pixels of the picture, whatever the size of the image.
MARGIN = 12
TEXT = 15
LEADING = 21
SWATCH = 34
MIN_PANEL = 320
CHARACTER = 0.603 * TEXT  # all of DejaVu Sans Mono are equally wide
DASHES = (0, (6, 3))


class Line(NamedTuple):
    """A line of the caption, and the sample of a box that it explains."""

    text: str
    colour: tuple | None = None
    dashed: bool = False


@VISUALIZERS.register_module()
class LocalizationVisualizer(UniversalVisualizer):
    """mmpretrain's visualizer, plus `visualize_localization`.

    Args:
        name (str): Name of the instance. Defaults to 'visualizer'.
        palette (str): One of `mmspg.visualization.PALETTES`: 'paper'
            (predicted box green, true box red, as in the paper's figures)
            or 'colour-blind'. Defaults to 'paper'.
        **kwargs: As of mmpretrain's ``UniversalVisualizer``: ``vis_backends``,
            ``save_dir`` and so on.

    Raises:
        ValueError: Unknown palette.
    """

    def __init__(self, name='visualizer', palette: str = 'paper', **kwargs):
        super().__init__(name, **kwargs)
        self.palette = get_palette(palette)

    @master_only
    def visualize_localization(
        self,
        image: np.ndarray,
        data_sample: DataSample,
        classes: Sequence[str] | None = None,
        threshold: float | None = 0.2,
        rule: str = 'largest_area',
        align_corners: bool = False,
        label: int | str | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        alpha: float = 0.5,
        palette: str | None = None,
        min_side: int = 480,
        max_side: int = 720,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        name: str = '',
        step: int = 0,
    ) -> np.ndarray:
        """Draw the image with its boxes, the same under its score map.

        The panels are scaled so that the longer side of the image lies
        between ``min_side`` and ``max_side``; the text is above them and
        wraps. Predicted boxes are solid, true ones dashed. Without a score
        map there is one panel.

        Args:
            image (np.ndarray): ``(H, W, 3)`` uint8 RGB, the stored image.
            data_sample (DataSample): As for `locate`, and ``pred_score``
                ``(C,)``, ``gt_label`` ``(1,)``, ``ori_gt_bboxes``
                ``(n, 4)`` continuous corners in the stored image. Each may
                be absent.
            classes (Sequence[str], optional): Names of the classes. None:
                those of the data set.
            threshold (float, optional): Score in [0, 1] at which the map is
                cut, see `locate`. Defaults to .2, that of CAM.
            rule (str): From map to box, see `locate`. Defaults to
                'largest_area', the paper's.
            align_corners (bool): Of the map's upsampling, see `locate`.
                Defaults to False.
            label (int | str, optional): The class whose map and box are
                drawn; 'true' is the ground truth. None: the predicted.
            draw_gt (bool): Draw true class and boxes. Defaults to True.
            draw_pred (bool): Draw the prediction. Defaults to True.
            alpha (float): Weight of the score map in [0, 1], the image has
                the rest. Defaults to .5.
            palette (str, optional): Instead of the visualizer's.
            min_side (int): Longer side of a panel, at least; smaller images
                are enlarged. Defaults to 480.
            max_side (int): Longer side of a panel, at most; larger images
                are reduced. Defaults to 720.
            show (bool): Show the picture in a window. Defaults to False.
            wait_time (float): Seconds; 0 waits for a key. Defaults to 0.
            out_file (str, optional): Write the picture there, not to the
                backends.
            name (str): Name of the picture in the backends.
            step (int): Step in the backends. Defaults to 0.

        Returns:
            np.ndarray: The picture, ``(h, w, 3)`` uint8 RGB.

        Raises:
            ValueError: The image is no uint8 RGB, or of another size than
                the sample's ``ori_shape``; see `locate` for the rest.
        """
        _check_image(image)
        colours = get_palette(palette) if palette else self.palette
        classes = classes or (self.dataset_meta or {}).get('classes')
        found = None
        if draw_pred and 'score_map' in data_sample:
            if label == 'true':
                label = int(data_sample.gt_label[0])
            found = locate(data_sample, threshold, rule, label, align_corners)
            _check_size(image, found.score_map)
        gt_boxes = np.empty((0, 4))
        if draw_gt and 'ori_gt_bboxes' in data_sample:
            gt_boxes = np.asarray(data_sample.ori_gt_bboxes.cpu())

        panels = _panels(image, found, colours, alpha, min_side, max_side)
        lines = []
        if draw_pred and 'pred_label' in data_sample:
            lines += _predicted(data_sample, found, classes, colours)
        if draw_gt and 'gt_label' in data_sample:
            label = int(data_sample.gt_label[0])
            text = f'true: {_name(label, classes)}'
            lines.append(Line(text, colours.true, True))
        if found:
            if threshold is None:
                threshold = get_rule(rule).thresholds[0]
            lines.append(_agreement(found.box, gt_boxes, threshold))
        corners = self._compose(panels, lines)

        height, width = image.shape[:2]
        scale = np.tile(
            [panels[0].shape[1] / width, panels[0].shape[0] / height], 2
        )
        size = np.tile([width, height], 2)
        boxes = [
            (np.clip(box, 0, size) * scale, colours.true, True)
            for box in gt_boxes
        ]
        if found:
            box = np.clip(found.box + (0, 0, 1, 1), 0, size) * scale
            boxes.insert(0, (box, colours.predicted, False))
        self._draw_boxes(boxes, corners)

        drawn = self.get_image()
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], out_file)
        else:
            self.add_image(name, drawn, step=step)
        return drawn

    def _compose(self, panels, lines) -> list[tuple[int, int]]:
        """Set the caption above the panels; where the panels' corners are."""
        height, width = panels[0].shape[:2]
        column = max(width, MIN_PANEL)
        total = len(panels) * (column + MARGIN) + MARGIN
        room = int((total - 2 * MARGIN - SWATCH) / CHARACTER)
        wrapped = [textwrap.wrap(line.text, room) for line in lines]
        top = MARGIN + sum(map(len, wrapped)) * LEADING
        top += MARGIN // 2 if lines else 0
        canvas = np.full((top + height + MARGIN, total, 3), 255, np.uint8)
        corners = []
        for i, panel in enumerate(panels):
            left = MARGIN + i * (column + MARGIN) + (column - width) // 2
            canvas[top : top + height, left : left + width] = panel
            corners.append((left, top))
        self.set_image(canvas)

        y = MARGIN
        for line, texts in zip(lines, wrapped, strict=True):
            if line.colour:
                middle = y + LEADING / 2 - 2
                ends = [MARGIN + 1, MARGIN + SWATCH - 10]
                self._stroke(ends, [middle, middle], line.colour, line.dashed)
            self.ax_save.text(
                MARGIN + SWATCH,
                y,
                '\n'.join(texts),
                size=TEXT * 72 / self.dpi,
                family='DejaVu Sans Mono',
                linespacing=LEADING / (1.164 * TEXT),
                verticalalignment='top',
                parse_math=False,
            )
            y += LEADING * len(texts)
        # A stroke near the edge must not change what part is shown.
        self.ax_save.set(xlim=(0, total), ylim=(canvas.shape[0], 0))
        return corners

    def _stroke(self, x, y, colour, dashed) -> None:
        points = 72 / self.dpi
        self.ax_save.plot(x, y, color='black', linewidth=5 * points)
        self.ax_save.plot(
            x,
            y,
            color=np.divide(colour, 255),
            linewidth=3 * points,
            linestyle=DASHES if dashed else '-',
        )

    def _draw_boxes(self, boxes, corners) -> None:
        """Boxes in every panel: all dark edges, then colours, dashes last."""
        points = 72 / self.dpi
        for left, top in corners:
            for dark in (True, False):
                for (x0, y0, x1, y1), colour, dashed in boxes:
                    self.ax_save.add_patch(
                        Rectangle(
                            (left + x0, top + y0),
                            x1 - x0,
                            y1 - y0,
                            fill=False,
                            joinstyle='miter',
                            linewidth=(5 if dark else 3) * points,
                            edgecolor='black'
                            if dark
                            else np.divide(colour, 255),
                            linestyle='-' if dark or not dashed else DASHES,
                        )
                    )


def _check_image(image) -> None:
    if (
        not isinstance(image, np.ndarray)
        or image.dtype != np.uint8
        or image.ndim != 3
        or image.shape[2] != 3
    ):
        raise ValueError(
            'image must be an (H, W, 3) uint8 array in RGB, got '
            f'{getattr(image, "dtype", type(image).__name__)} of shape '
            f'{getattr(image, "shape", "?")}; mmcv.imread(path, '
            "channel_order='rgb') gives one"
        )


def _check_size(image, score_map) -> None:
    if image.shape[:2] != score_map.shape:
        raise ValueError(
            f'the image is {image.shape[1]} x {image.shape[0]} pixels, but '
            f'its ori_shape says {score_map.shape[1]} x '
            f'{score_map.shape[0]}; give the stored image, not turned by '
            'its EXIF orientation and not resized'
        )


def _panels(image, found, colours: Palette, alpha, min_side, max_side):
    """The image and, below the map, once more: ``(h, w, 3)`` uint8 each."""
    height, width = image.shape[:2]
    longer = max(height, width)
    scale = np.clip(longer, min_side, max_side) / longer
    size = [max(1, round(side * scale)) for side in (width, height)]
    how = 'area' if scale < 1 else 'bicubic'
    plain = mmcv.imresize(image, size, interpolation=how)
    if not found:
        return [plain]
    how = 'area' if scale < 1 else 'bilinear'
    score_map = mmcv.imresize(found.score_map, size, interpolation=how)
    heat = matplotlib.colormaps[colours.heat](score_map)[..., :3] * 255
    return [plain, np.uint8((1 - alpha) * plain + alpha * heat + 0.5)]


def _predicted(data_sample, found, classes, colours):
    label = int(data_sample.pred_label[0])
    text = f'predicted: {_name(label, classes)}'
    if 'pred_score' in data_sample:
        text += f', {float(data_sample.pred_score[label]):.2f}'
    if not found:
        return [Line(text)]
    if found.label == label:
        return [Line(text, colours.predicted)]
    other = f'map and box of: {_name(found.label, classes)}'
    return [Line(text), Line(other, colours.predicted)]


def _agreement(box, gt_boxes, threshold) -> Line:
    text = f'threshold {threshold:.2g}'
    if len(gt_boxes):
        iou = box_iou(box[None], to_inclusive(gt_boxes)).max()
        text = f'IoU {iou:.2f}, {text}'
    return Line(text)


def _name(label, classes) -> str:
    if classes is None or not 0 <= label < len(classes):
        return f'class {label}'
    return str(classes[label])
