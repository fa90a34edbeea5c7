"""Measure Top-1, Top-5, GT-known and Top-5* by the paper's protocol."""

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..choice_values import check_ious
from ..functional import (
    box_iou,
    checked_steps,
    error_kinds,
    get_rule,
    hits_at_thresholds,
    is_flat,
    pack_hits,
    rule_in_words,
    to_inclusive,
)
from ..locate import locate
from ..samples import (
    UNRANKED,
    rank_of,
    sample_name,
    true_boxes,
    true_label,
)
from .class_predictions import ClassPredictions
from .localization_counts import Layout, Record, chunks, count, pack_kinds
from .localization_report import LocalizationReport, per_class, table
from .record_metric import RecordMetric, warn_flat
from .threshold_choice import ThresholdChoice, threshold_grid
from .top5_star import KINDS, second_ious

RECORD_BYTES = 960  # and the record's few numbers: 1 KiB


@METRICS.register_module()
class LocalizationMetric(RecordMetric):
    """Localization accuracy and error at the resolution of the image.

    The map of the true class is placed on the stored image, min-max
    normalised, cut at every threshold and boxed by ``rule``. The box is right
    if its IoU with any true box reaches ``iou_thr`` (section 4.1 of the
    paper). GT-known needs only this. For Top-k the true class must also be
    among the k predicted classes. Only the box of the true class can count
    for Top-k, so no other map is boxed. Top-5* gives the first and the second
    class two boxes each and the third class one box, and counts like Top-k.

    All figures of a report have the same threshold. ``oracle_...`` is the
    optimum of each figure over the thresholds, which is chosen on the same
    images that it is measured on.

    The figures are in percent and have the prefix ``loc``: ``gt_known_acc``,
    ``top1_acc``, ``top5_acc`` and the same with ``_err``; ``threshold``;
    ``cls_top1_acc`` and ``cls_top5_acc`` (and ``_err``) of the
    classification; and ``protocol``, a line that names rule, resolution, IoU
    and threshold and where it came from. Further IoU thresholds add figures
    with a suffix, ``gt_known_acc_iou70``.

    Args:
        thresholds (int | sequence, optional): The score thresholds, as
            fractions of the maximum after the normalisation, or how many,
            evenly spaced from 0 (20: 0, .05 ... .95). None: the threshold of
            the rule, or 20 of them.
        threshold (str | float): The one that the report uses. 'oracle' is
            the best for GT-known on the evaluated images; of equals, the
            lowest. A number is fixed beforehand. A file is one that
            ``tools/analysis_tools/sweep_threshold.py`` has written.
            'checkpoint' is the one that ``tools/test.py`` finds in or beside
            the checkpoint. Defaults to 'oracle'.
        rule (str): The box rule, one of `mmspg.evaluation.functional.RULES`
            that gives one box. Defaults to 'largest_area', the paper's rule.
        iou_thr (float | sequence): IoU thresholds. The first one counts for
            the report and the choice. Defaults to .5.
        strict (bool): A box is right if IoU > ``iou_thr``, as the paper says.
            If False, IoU >= ``iou_thr`` is enough, as in the devkit and the
            benchmark. Defaults to False.
        align_corners (bool): See PyTorch's ``interpolate``. Defaults to False.
        score_map_steps (Sequence): Steps that bring the map to [0, 1] instead
            of the min-max normalisation, see
            `mmspg.evaluation.functional.steps`. Defaults to none, as in the
            paper.
        top5_star (str, optional): 'thresholds' draws a tight and a loose box
            of the first and the second class and a loose box of the third.
            The two thresholds are chosen like the main one (reference [1] of
            the paper). 'components' draws the boxes of the largest and second
            largest component at the main threshold (CAM's released code).
            Defaults to None, no Top-5*.
        star_thresholds (tuple[float], optional): Fixed (tight, loose).
        error_split (bool | dict): Add the shares of the Top-1 errors by
            kind, see `error_kinds`. A dict has its bounds. Defaults to False.
        per_class (bool): Add ``per_class``, the figures by class name.
        class_predictions (str | dict | sequence, optional): Files with the
            predictions of other classifiers, see `ClassPredictions`. Their
            mean ranks the classes (Table 3 of the paper).
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.

    Attributes:
        curves (dict): For every figure a list of its values at all
            ``thresholds``; on the main process after an evaluation.

    Raises:
        ValueError: The rule or an option is unknown, or a record would take
            more than 1 KiB.

    Examples:
        >>> metric = LocalizationMetric(thresholds=[.2, .4], rule='cam')
        >>> metric.thresholds
        array([0.2, 0.4])
    """

    default_prefix = 'loc'

    def __init__(
        self,
        thresholds=None,
        threshold='oracle',
        rule='largest_area',
        iou_thr=0.5,
        strict=False,
        align_corners=False,
        score_map_steps=(),
        top5_star=None,
        star_thresholds=None,
        error_split=False,
        per_class=False,
        class_predictions=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        get_rule(rule)  # or an error that lists the rules
        if rule == 'all_contours':
            raise ValueError(
                f'LocalizationMetric: rule {rule!r} gives many boxes; '
                'MaxBoxAcc(multi_contour=True) counts those'
            )
        if top5_star not in KINDS:
            raise ValueError(
                f'LocalizationMetric: top5_star={top5_star!r}; valid are '
                "None, 'thresholds' and 'components'"
            )
        self.rule = rule
        self.iou_thrs = tuple(np.atleast_1d(iou_thr).tolist())
        check_ious(self.iou_thrs, 'LocalizationMetric.iou_thr')
        self.strict = strict
        self.reading = dict(
            rule=rule,
            align_corners=align_corners,
            score_map_steps=checked_steps(score_map_steps),
        )
        self.top5_star = top5_star
        self.choice = ThresholdChoice.parse(
            threshold,
            threshold_grid(thresholds, rule, 8 * RECORD_BYTES),
            star_thresholds,
            **self.reading,
        )
        self.thresholds = self.choice.grid
        self.error_split = error_split
        self.per_class = per_class
        self.curves = None
        self.class_predictions = ClassPredictions.build(class_predictions)
        self.layout = Layout(
            len(self.iou_thrs),
            top5_star == 'components',
            bool(error_split),
            len(self.thresholds),
        )
        if self.layout.num_bytes > RECORD_BYTES:
            raise ValueError(
                f'LocalizationMetric: {len(self.thresholds)} thresholds at '
                f'{len(self.iou_thrs)} IoU thresholds take '
                f'{self.layout.num_bytes} bytes an image, over '
                f'{RECORD_BYTES}; ask for fewer'
            )
        self.unknown = []

    def record(self, sample):
        """Box the map of the true class at every threshold.

        Args:
            sample (dict): From model and pipeline: ``gt_label``,
                ``ori_gt_bboxes``, ``score_map``, ``score_map_labels``,
                ``pred_score``, ``ori_shape``, ``img_shape``.

        Returns:
            Record: Packed bits.
        """
        label, truth = true_label(sample), to_inclusive(true_boxes(sample))
        found = locate(sample, self.thresholds, label=label, **self.reading)
        rows = [self._hits(box_iou(found.box, truth).max(axis=1))]
        if self.layout.second:
            ious = second_ious(
                found.score_map, self.thresholds, self.rule, truth
            )
            rows.append(self._hits(ious)[:1])
        if self.layout.kinds:
            bounds = {} if self.error_split is True else self.error_split
            kinds = error_kinds(found.box, truth, rows[0][0], **bounds)
            rows.append(pack_kinds(kinds))
        rank, bits = self._rank(sample, label), pack_hits(np.vstack(rows))
        regressed = 'pred_box' in sample
        flat = not regressed and is_flat(found.score_map)
        return Record(rank, label, flat, bits, regressed)

    def _hits(self, ious):
        return hits_at_thresholds(ious, self.iou_thrs, self.strict)

    def _rank(self, sample, label):
        if self.class_predictions is None:
            return rank_of(sample['pred_score'], label)
        self.class_predictions.check_labels(len(sample['pred_score']))
        try:
            return self.class_predictions.rank(sample_name(sample), label)
        except KeyError:
            self.unknown.append(sample_name(sample))
            return UNRANKED

    def share(self):
        """Give the records, and the images without a class prediction."""
        unknown, self.unknown = self.unknown, []
        return self.results, unknown

    def merge(self, shares):
        """Merge the records, and the lists of images."""
        results, number = super().merge([records for records, _ in shares])
        self.unknown = sorted({name for _, names in shares for name in names})
        return results, number

    def compute_metrics(self, results):
        """Compute the figures of the whole data set.

        Args:
            results (list[Record]): Records of all images.

        Returns:
            dict: See the class.

        Raises:
            ValueError: ``class_predictions`` lacks images. GT-known, which
                needs no class, is printed before.
        """
        counts = count(
            results, self.layout, star=self.top5_star == 'thresholds'
        )
        choice = self.choice.decide(counts['gt_known'][0])
        if self.top5_star == 'thresholds':
            choice = choice.decide_star(counts['star_pair'])
        report = LocalizationReport(
            counts,
            len(results),
            choice,
            self.iou_thrs,
            rule_in_words(self.rule, self.reading['score_map_steps']),
            self.strict,
            all(record.regressed for record in results),
        )
        figures, protocol = report.figures(), report.protocol()
        self._refuse_unknown(figures, protocol)
        print_log(table(figures, protocol, len(results)), logger='current')
        warn_flat(self, sum(r.flat for r in results), len(results))
        figures['protocol'] = protocol
        if self.per_class:
            hits = [
                self.layout.unpack(part)[:, 0, choice.index]
                for part in chunks(results)
            ]
            figures['per_class'] = per_class(
                np.concatenate(hits),
                np.array([record.rank for record in results]),
                np.array([record.label for record in results]),
                (self.dataset_meta or {}).get('classes'),
            )
        self.curves = report.curves()
        return figures

    def _refuse_unknown(self, figures, protocol):
        if not self.unknown:
            return
        unknown, self.unknown = self.unknown, []
        print_log(
            f'GT-known {figures["gt_known_acc"]:.2f} % ({protocol}); no '
            'other figure without the class predictions',
            logger='current',
        )
        self.class_predictions.refuse(unknown)
