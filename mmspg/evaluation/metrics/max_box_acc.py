"""The WSOL benchmark's MaxBoxAcc and MaxBoxAccV2."""

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..choice_values import check_ious
from ..functional import (
    box_iou,
    checked_steps,
    hits_at_thresholds,
    is_flat,
    pack_hits,
    rule_in_words,
    to_inclusive,
    unpack_hits,
)
from ..functional.hits import chunks
from ..locate import regressed_box
from ..samples import class_map, true_boxes, true_label
from ..wsol.grid import SIDE, on_wsol_grid, wsol_boxes, wsol_thresholds
from ..wsol.max_box_acc import BoxAccuracy
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
    """GT-known box accuracy at its best threshold, as in the benchmark.

    The map of the true class is put on the 224 x 224 grid, cut and boxed by
    the benchmark's rules (Choe et al., CVPR 2020, and its released code,
    whose weaknesses are kept on purpose). A regressed box, see `PSOLHead`, is
    put there instead of the map's. The figures are the optimum over
    the thresholds on the evaluated images, an oracle. ``threshold`` adds the
    figure at a threshold that was chosen elsewhere.

    The figures are in percent and have the prefix ``wsol``: ``max_box_acc``
    or ``max_box_acc_v2``, and the same with ``_iou30`` and
    ``_threshold_iou30`` for every IoU threshold. With ``threshold`` there is
    also ``box_acc`` or ``box_acc_v2``. ``max_box_acc_protocol`` says in words
    how they were measured.

    Args:
        multi_iou (bool): Average the optima of all ``iou_thrs`` (V2). If
            False, take the optimum at .5 (V1). Defaults to False.
        multi_contour (bool, optional): Count the best box of all contours,
            not the box of the largest one. None: the same as ``multi_iou``.
        iou_thrs (Sequence[float]): IoU thresholds. Defaults to .3, .5, .7.
        interval (float): Distance of the thresholds. Defaults to .001.
        threshold (str | float): 'oracle', or a threshold that was chosen
            elsewhere, see `LocalizationMetric`. Defaults to 'oracle'.
        score_map_steps (Sequence): See `LocalizationMetric`. Defaults to
            none, as in the benchmark.
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
        score_map_steps=(),
        **kwargs,
    ):
        super().__init__(**kwargs)
        iou_thrs = tuple(iou_thrs)
        check_ious(iou_thrs, 'MaxBoxAcc.iou_thrs')
        if not multi_iou and 0.5 not in iou_thrs:
            raise ValueError(
                f'MaxBoxAcc: iou_thrs={iou_thrs} has no .5, at which the '
                'figure is measured. Add it, or set multi_iou=True'
            )
        accuracy = BoxAccuracy(
            wsol_thresholds(interval),
            iou_thrs,
            bool(multi_iou),
            bool(multi_iou if multi_contour is None else multi_contour),
        )
        self.choice = ThresholdChoice.parse(
            threshold,
            accuracy.thresholds,
            rule=accuracy.rule,
            score_map_steps=checked_steps(score_map_steps, with_image=False),
        )
        self.score_map_steps = checked_steps(score_map_steps, with_image=False)
        self.rule, self.thresholds = accuracy.rule, self.choice.grid
        self.accuracy = accuracy._replace(thresholds=self.thresholds)

    def record(self, sample):
        """Box the map of the true class at every threshold.

        Returns:
            tuple: Whether the map is flat, the hits ``(D, T)`` as bits, and
            whether the network regressed the box.
        """
        size = tuple(sample['ori_shape'][1::-1])
        truth = wsol_boxes(to_inclusive(true_boxes(sample)), size)
        if 'pred_box' in sample:
            found = wsol_boxes(regressed_box(sample), size)
            ious = np.tile(box_iou(found, truth).max(), len(self.thresholds))
            hits = hits_at_thresholds(ious, self.accuracy.iou_thrs)
            return False, pack_hits(hits), True
        raw = class_map(sample, true_label(sample))
        hits = self.accuracy.hits(
            on_wsol_grid(raw, sample, self.score_map_steps), truth
        )
        return is_flat(raw), pack_hits(hits), False

    def compute_metrics(self, results):
        """Compute the accuracy at every threshold, then its maximum.

        Args:
            results (list[tuple]): Records.

        Returns:
            dict: See the class.
        """
        accuracy = self.accuracy
        shape = len(accuracy.iou_thrs), len(accuracy.thresholds)
        right = sum(
            unpack_hits([packed for _, packed, _ in part], shape).sum(0)
            for part in chunks(results)
        )
        warn_flat(self, sum(flat for flat, *_ in results), len(results))
        protocol = self._protocol(all(given for *_, given in results))
        stem = STEMS[accuracy.multi_contour, accuracy.multi_iou]
        figures = self._figures_of(stem, right, len(results))
        print_log(
            ', '.join(
                f'{key} {value:.2f}'
                for key, value in figures.items()
                if 'threshold' not in key
            )
            + f' of {len(results)} images: {protocol}',
            logger='current',
        )
        figures[f'{stem}_protocol'] = protocol
        return figures

    def _figures_of(self, stem, right, number):
        accuracy, choice = self.accuracy, self.choice
        accs, thresholds = accuracy.best(right, number)
        figures = {stem: accuracy.summary(accs)}
        if choice.index is not None:
            key = stem.removeprefix('max_')
            own = right[:, choice.index] * 100 / number
            figures[key] = accuracy.summary(own)
            figures[f'{key}_threshold'] = float(choice.grid[choice.index])
        for iou, acc, t in zip(
            accuracy.iou_thrs, accs, thresholds, strict=True
        ):
            figures[f'{stem}_iou{100 * iou:g}'] = acc
            figures[f'{stem}_threshold_iou{100 * iou:g}'] = t
        return figures

    def _protocol(self, regressed):
        rule = f'rule {rule_in_words(self.rule, self.score_map_steps)}'
        line = (
            f'{"regressed box" if regressed else rule}, '
            f'resolution {SIDE} x {SIDE}, IoU >= '
            f'{"/".join(f"{iou:g}" for iou in self.accuracy.iou_thrs)}'
        )
        if regressed:
            return line
        line += ', threshold of each the oracle on these images'
        if self.choice.index is not None:
            line += (
                f'; beside it {self.thresholds[self.choice.index]:g} '
                f'({self.choice.source})'
            )
        return line
