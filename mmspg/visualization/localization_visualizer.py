"""Draw image, score map and boxes side by side."""

import textwrap
from collections.abc import Sequence

import mmcv
import numpy as np
from matplotlib.patches import Rectangle
from mmengine.dist import master_only
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from mmspg.evaluation.functional import get_rule
from mmspg.evaluation.functional.peaks import objects_of
from mmspg.evaluation.functional.steps import Step
from mmspg.evaluation.locate import locate
from mmspg.registry import VISUALIZERS

from .palette import get_palette
from .panels import (
    Line,
    agreement_line,
    boxes_on_panel,
    check_image,
    class_name,
    panels_of,
    prediction_lines,
)

# These are pixels of the picture and do not depend on the image's size.
MARGIN = 12
TEXT = 15
LEADING = 21
SWATCH = 34
MIN_PANEL = 320
CHARACTER = 0.603 * TEXT  # all of DejaVu Sans Mono are equally wide
DASHES = (0, (6, 3))


@VISUALIZERS.register_module()
class LocalizationVisualizer(UniversalVisualizer):
    """mmpretrain's visualizer with the method `visualize_localization`.

    Args:
        name (str): Name of the instance. Defaults to 'visualizer'.
        palette (str): One of `mmspg.visualization.PALETTES`: 'paper'
            (predicted box green, true box red, as in the paper's figures)
            or 'colour-blind'. Defaults to 'paper'.
        **kwargs: Settings of mmpretrain's ``UniversalVisualizer``:
            ``vis_backends``, ``save_dir`` and so on.

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
        valley: float | None = None,
        score_map_steps: Sequence[Step] = (),
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
        """Draw the image with its boxes, and again with its score map.

        The panels are scaled so that the longer side of the image lies
        between ``min_side`` and ``max_side``. The text above them wraps.
        Predicted boxes are solid, true ones dashed. Without a score map there
        is only one panel.

        Args:
            image (np.ndarray): ``(H, W, 3)`` uint8 RGB, the stored image.
            data_sample (DataSample): A sample for `locate`. It may also have
                ``pred_score`` ``(C,)``, ``gt_label`` ``(1,)`` and
                ``ori_gt_bboxes`` ``(n, 4)``, continuous corners in the
                stored image.
            classes (Sequence[str], optional): Names of the classes. None:
                the names of the data set.
            threshold (float, optional): Score in [0, 1] at which the map is
                cut, see `locate`. Defaults to .2, CAM's threshold.
            rule (str): The box rule, see `locate`. Defaults to
                'largest_area', the paper's rule.
            align_corners (bool): See PyTorch's ``interpolate``.
                Defaults to False.
            valley (float, optional): Box each object of the class, see
                `mmspg.evaluation.functional.peaks`. None: one box.
            score_map_steps (Sequence): See `locate`. Defaults to none.
            label (int | str, optional): The class whose map and box are
                drawn; 'true' is the ground truth. None: the predicted class.
            draw_gt (bool): Draw true class and boxes. Defaults to True.
            draw_pred (bool): Draw the prediction. Defaults to True.
            alpha (float): Weight of the score map in [0, 1]; the image has
                the rest. Defaults to .5.
            palette (str, optional): Palette to use instead of the
                visualizer's.
            min_side (int): Smallest longer side of a panel. Smaller images
                are enlarged. Defaults to 480.
            max_side (int): Largest longer side of a panel. Larger images are
                reduced. Defaults to 720.
            show (bool): Show the picture in a window. Defaults to False.
            wait_time (float): Seconds to show it; 0 waits for a key.
                Defaults to 0.
            out_file (str, optional): File to write the picture to, instead
                of the backends.
            name (str): Name of the picture in the backends.
            step (int): Step in the backends. Defaults to 0.

        Returns:
            np.ndarray: The picture, ``(h, w, 3)`` uint8 RGB.

        Raises:
            ValueError: The image is not uint8 RGB, or its size is not the
                sample's ``ori_shape``. See `locate` for others.
        """
        check_image(image)
        colours = get_palette(palette) if palette else self.palette
        classes = classes or (self.dataset_meta or {}).get('classes')
        found = None
        true = []
        if 'gt_label' in data_sample:
            true = data_sample.gt_label.tolist()
        if label == 'true' and not true:
            draw_pred = False  # the image shows no class
        if draw_pred and 'score_map' in data_sample:
            if label == 'true':
                label = true[0]
            found = locate(
                data_sample,
                threshold,
                rule,
                label,
                align_corners,
                score_map_steps,
            )
            if valley is not None:
                objects = objects_of(found.score_map, threshold, rule, valley)
                found = found._replace(box=objects.boxes)
        gt_boxes = np.empty((0, 4))
        if draw_gt and 'ori_gt_bboxes' in data_sample:
            gt_boxes = np.asarray(data_sample.ori_gt_bboxes.cpu())

        panels = panels_of(image, found, colours, alpha, min_side, max_side)
        lines = []
        if draw_pred and 'pred_label' in data_sample:
            lines += prediction_lines(data_sample, found, classes, colours)
        if draw_gt and 'gt_label' in data_sample:
            names = [class_name(label, classes) for label in true]
            text = f'true: {"; ".join(names) or "no class"}'
            lines.append(Line(text, colours.true, True))
        if found:
            if threshold is None:
                threshold = get_rule(rule).thresholds[0]
            lines.append(agreement_line(found.box, gt_boxes, threshold))
        corners = self._compose(panels, lines)

        boxes = boxes_on_panel(panels[0], image, found, gt_boxes, colours)
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
        """Set the caption above the panels; give the panels' corners."""
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
        # A line near the edge must not change which part is shown.
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
        """Draw boxes in every panel: first dark edges, then the colours."""
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
