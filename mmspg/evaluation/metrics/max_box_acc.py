"""MaxBoxAcc and MaxBoxAccV2 of the WSOL benchmark."""

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..functional import (
    best_iou_at_thresholds,
    hits_at_thresholds,
    is_flat,
    pack_hits,
    to_inclusive,
    unpack_hits,
)
from ..samples import class_map, true_boxes, true_label
from ..wsol.grid import SIDE, on_wsol_grid, wsol_boxes, wsol_thresholds
from .record_metric import RecordMetric, warn_flat
from .threshold_choice import ThresholdChoice

STEMS = {
    (False, False): 'max_box_acc',
    (True, True): 'max_box_acc_v2',
    (True, False): 'max_box_acc_multi_contour',
    (False, True): 'max_box_acc_multi_iou',
}


@METRICS.register_module()
class MaxBoxAcc(RecordMetric):
    """GT-known box accuracy at its best threshold, as the benchmark has it.

    The map of the true class on the 224 x 224 grid, cut and boxed by the
    benchmark's rules (Choe et al., CVPR 2020, and its released code,
    whose weaknesses are kept on purpose). Its figures are the optimum over
    the thresholds on the evaluated images, an oracle; ``threshold`` adds
    the figure at one that was chosen elsewhere.

    Figures in percent under the prefix ``wsol``: ``max_box_acc``, or
    ``max_box_acc_v2``; the same with ``_iou30`` and ``_threshold_iou30``
    for every IoU threshold; with a threshold of its own ``box_acc``, or
    ``box_acc_v2``; and ``max_box_acc_protocol``, what it is in words.

    Args:
        multi_iou (bool): The mean over ``iou_thrs`` of each one's optimum
            (V2), rather than the optimum at .5 (V1). Defaults to False.
        multi_contour (bool, optional): Count the best box of all contours
            rather than that of the largest. None: as ``multi_iou``.
        iou_thrs (Sequence[float]): Defaults to .3, .5, .7.
        interval (float): Distance of the thresholds. Defaults to .001.
        threshold (str | float): 'oracle', or one chosen elsewhere: see
            `LocalizationMetric`. Defaults to 'oracle'.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.

    Raises:
        ValueError: .5 is not among ``iou_thrs`` and ``multi_iou`` is False.
    """

    default_prefix = 'wsol'

    def __init__(
        self,
        multi_iou=False,
        multi_contour=None,
        iou_thrs=(0.3, 0.5, 0.7),
        interval=0.001,
        threshold='oracle',
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.multi_iou = multi_iou
        self.multi_contour = (
            multi_iou if multi_contour is None else multi_contour
        )
        self.iou_thrs = tuple(iou_thrs)
        if not multi_iou and 0.5 not in self.iou_thrs:
            raise ValueError(
                f'MaxBoxAcc: iou_thrs={self.iou_thrs} has no .5, at which '
                'the figure is taken unless multi_iou=True'
            )
        self.rule = 'all_contours' if self.multi_contour else 'largest_contour'
        self.choice = ThresholdChoice.parse(
            threshold, wsol_thresholds(interval), rule=self.rule
        )
        self.thresholds = self.choice.grid

    def record(self, sample):
        """Box the map of the true class at every threshold."""
        raw = class_map(sample, true_label(sample))
        height, width = sample['ori_shape'][:2]
        boxes = to_inclusive(true_boxes(sample))
        ious = best_iou_at_thresholds(
            on_wsol_grid(raw, sample),
            self.thresholds,
            wsol_boxes(boxes, (width, height)),
            self.rule,
        )
        return is_flat(raw), pack_hits(hits_at_thresholds(ious, self.iou_thrs))

    def compute_metrics(self, results):
        """Accuracy at every threshold, then its maximum.

        Args:
            results (list[tuple]): Records.

        Returns:
            dict: See the class.
        """
        right = np.zeros((len(self.iou_thrs), len(self.thresholds)), int)
        for _, packed in results:
            right += unpack_hits(packed, right.shape)
        accs = right / len(results) * 100
        warn_flat(self, sum(flat for flat, _ in results), len(results))
        figures = self._figures_of(accs)
        print_log(
            ', '.join(
                f'{key} {value:.2f}'
                for key, value in figures.items()
                if 'threshold' not in key
            )
            + f' of {len(results)} images: {self._protocol()}',
            logger='current',
        )
        stem = STEMS[bool(self.multi_contour), bool(self.multi_iou)]
        figures[f'{stem}_protocol'] = self._protocol()
        return figures

    def _figures_of(self, accs):
        stem = STEMS[bool(self.multi_contour), bool(self.multi_iou)]
        figures = {stem: self._summary(accs.max(axis=1))}
        if self.choice.index is not None:
            key = stem.removeprefix('max_')
            figures[key] = self._summary(accs[:, self.choice.index])
            figures[f'{key}_threshold'] = float(
                self.thresholds[self.choice.index]
            )
        for iou, curve in zip(self.iou_thrs, accs, strict=True):
            best = int(np.argmax(curve))
            figures[f'{stem}_iou{100 * iou:g}'] = float(curve[best])
            figures[f'{stem}_threshold_iou{100 * iou:g}'] = float(
                self.thresholds[best]
            )
        return figures

    def _summary(self, accs):
        """The mean over the IoU thresholds, or the one at .5."""
        if self.multi_iou:
            return float(np.mean(accs))
        return float(accs[self.iou_thrs.index(0.5)])

    def _protocol(self):
        line = (
            f'rule {self.rule}, resolution {SIDE} x {SIDE}, IoU >= '
            f'{"/".join(f"{iou:g}" for iou in self.iou_thrs)}, threshold of '
            'each the oracle on these images'
        )
        if self.choice.index is not None:
            line += (
                f'; beside it {self.thresholds[self.choice.index]:g} '
                f'({self.choice.source})'
            )
        return line
