"""Figures of maps and boxes that papers report beside Top-1 and GT-known."""

from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..functional import (
    box_iou,
    checked_steps,
    get_rule,
    hits_at_thresholds,
    is_flat,
    rule_in_words,
    to_inclusive,
)
from ..functional.map_quality import (
    energy_inside,
    mask_ious,
    points_inside,
    region_of,
)
from ..functional.pxap import IGNORE
from ..locate import locate
from ..samples import class_map, true_boxes, true_label
from ..wsol.grid import on_wsol_grid
from ..wsol.masks import read_mask
from .record_metric import RecordMetric, warn_empty, warn_flat
from .threshold_choice import ThresholdChoice, threshold_grid


class _Row(NamedTuple):
    label: int
    points: bool
    energy: float
    ious: np.ndarray  # (T,) float16
    right: np.ndarray  # (T,) bool
    flat: bool
    empty: bool


MOST_THRESHOLDS = 10_000


@METRICS.register_module()
class MapQuality(RecordMetric):
    """Pointing game, energy inside, IoU and CorLoc of the true class's map.

    If images have boxes, the map is resized to the stored image, and the IoU
    is that of the predicted box. If they have masks (the data sets of
    `PxAP`), the map is resized to the grid of the WSOL benchmark, and the IoU
    is that of the foreground.

    The figures have the prefix ``map`` and are in percent:

    - ``pointing_game``: the share of images whose highest pixel lies on the
      object.
    - ``energy_inside``: the share of the map's sum that lies on the object.
    - ``iou``: the mean IoU at ``threshold``, which is the same for all images.
    - ``best_iou``: the mean IoU at the best threshold of each image.
    - ``corloc``: the share of images with an IoU of at least .5, averaged over
      the classes. Only images with boxes have it.

    Args:
        thresholds (int | sequence): As in `LocalizationMetric`. Defaults to
            100.
        threshold (str | float): 'oracle', the best for ``iou`` on the
            evaluated images, or one that was chosen elsewhere; see
            `LocalizationMetric`. Defaults to 'oracle'.
        rule (str): The rule that makes a box from a map. Defaults to
            'largest_area'.
        score_map_steps (Sequence): See `LocalizationMetric`.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.
    """

    default_prefix = 'map'

    def __init__(
        self,
        thresholds=100,
        threshold='oracle',
        rule='largest_area',
        score_map_steps=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        get_rule(rule)  # or an error that lists the rules
        grid = threshold_grid(thresholds, rule, MOST_THRESHOLDS)
        self.reading = dict(
            rule=rule, score_map_steps=checked_steps(score_map_steps)
        )
        self.choice = ThresholdChoice.parse(threshold, grid, **self.reading)
        self.masks = False

    def record(self, sample):
        """Compare the map of the true class with boxes or masks."""
        label, grid = true_label(sample), self.choice.grid
        paths = sample.get('gt_mask_paths')
        if paths:
            self.masks = True
            truth = read_mask(paths, sample.get('gt_ignore_path'))
            region = truth == 1
            steps = self.reading['score_map_steps']
            placed = on_wsol_grid(class_map(sample, label), sample, steps)
            ious = mask_ious(placed, region, grid, truth == IGNORE)
            placed = np.where(truth == IGNORE, 0, placed)
        else:
            boxes = to_inclusive(true_boxes(sample))
            found = locate(sample, grid, label=label, **self.reading)
            placed = found.score_map
            region = region_of(boxes, placed.shape[::-1])
            ious = box_iou(found.box, boxes).max(axis=1)
        return _Row(
            label,
            points_inside(placed, region),
            energy_inside(placed, region),
            ious.astype(np.float16),
            hits_at_thresholds(ious)[0],
            is_flat(placed),
            not region.any(),
        )

    def share(self):
        """Give the records, and whether the images have masks."""
        return self.results, self.masks

    def merge(self, shares):
        """Merge the records."""
        self.masks = any(masks for _, masks in shares)
        return super().merge([results for results, _ in shares])

    def compute_metrics(self, results):
        """Compute the figures.

        Args:
            results (list): The records of all images.

        Returns:
            dict: See the class.
        """
        ious = np.stack([row.ious for row in results]).astype(np.float64)
        choice = self.choice.decide(ious.mean(0))
        figures = dict(
            pointing_game=np.mean([row.points for row in results]),
            energy_inside=np.mean([row.energy for row in results]),
            iou=ious[:, choice.index].mean(),
            best_iou=ious.max(axis=1).mean(),
        )
        if not self.masks:
            labels = np.array([row.label for row in results])
            right = np.array([row.right[choice.index] for row in results])
            figures['corloc'] = np.mean(
                [right[labels == label].mean() for label in np.unique(labels)]
            )
        figures = {key: 100 * float(v) for key, v in figures.items()}
        figures['threshold'] = float(choice.grid[choice.index])
        how = 'masks' if self.masks else rule_in_words(*self.reading.values())
        source = choice.source.replace('GT-known', 'the mean IoU')
        print_log(
            ', '.join(f'{key} {value:.2f}' for key, value in figures.items())
            + f' of {len(results)} images: {how}, threshold {source}',
            logger='current',
        )
        warn_flat(self, sum(row.flat for row in results), len(results))
        if self.masks:
            empty = sum(row.empty for row in results)
            warn_empty(self, empty, len(results))
        return figures
