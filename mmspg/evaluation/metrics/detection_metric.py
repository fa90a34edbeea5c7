"""AP50 and CorLoc, for images with boxes of several classes."""

import contextlib
import io
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log

from mmspg.datasets.annotations.class_lists import unique_names
from mmspg.registry import METRICS

from ..functional import box_iou
from ..locate import locate, locate_objects, true_objects
from ..protocol import Protocol
from ..samples import sample_name
from .record_metric import RecordMetric
from .threshold_choice import ThresholdChoice, threshold_grid

IOU = 0.5


class Found(NamedTuple):
    """The results of one image. Boxes are in inclusive pixels."""

    boxes: np.ndarray  # (n, T, 4), predicted, at every threshold
    labels: np.ndarray  # (n,)
    scores: np.ndarray  # (n,)
    truth: np.ndarray  # (m, 4)
    truth_labels: np.ndarray  # (m,)
    localized: dict  # for each true class: (T,) bool, whether it was found


@METRICS.register_module()
class DetectionMetric(RecordMetric):
    """AP50 and CorLoc of a network trained on image labels.

    AP50 is the average precision, at an IoU of .5, of the boxes of all
    classes with a score of at least ``min_score``. It is computed by
    pycocotools from the precision at 101 recalls. CorLoc (Deselaers et al.,
    IJCV 2012) is the share of the images of a class in which the box of that
    class is right. Both are means over the classes that have true boxes.

    The figures have the prefix ``det`` and are in percent: ``ap50`` and
    ``corloc``, ``ap50_classes`` and ``corloc_classes`` by class name, and
    ``gt_known_acc``, which is CorLoc over all pairs of image and class.
    ``boxes`` is the mean number of boxes in an image, and ``threshold`` the
    threshold.

    Args:
        threshold (str | float | dict): As in `LocalizationMetric`. 'oracle'
            is the best of ``thresholds`` for ``gt_known_acc`` on the
            evaluated images. Defaults to 'oracle'.
        thresholds (int | sequence, optional): As there.
        rule (str): As there.
        align_corners (bool): As there.
        score_map_steps (Sequence): As there.
        valley (float, optional): See `objects_of`. It needs a fixed
            threshold. By default it is the one of the choice or, without a
            choice, each class has one box.
        min_score (float): Classes with a lower score, in [0, 1], have no
            box. Defaults to .05.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.

    Raises:
        ImportError: pycocotools is not installed.
        ValueError: A rule or option is unknown, or there is a valley but no
            threshold.
    """

    default_prefix = 'det'

    def __init__(
        self,
        threshold='oracle',
        thresholds=None,
        rule='largest_area',
        align_corners=False,
        score_map_steps=(),
        valley=None,
        min_score=0.05,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not 0 <= min_score <= 1:
            raise ValueError(
                f'DetectionMetric: min_score={min_score} must be in [0, 1], '
                'as scores are'
            )
        if find_spec('pycocotools') is None:
            raise ImportError(
                'DetectionMetric needs pycocotools: pip install pycocotools'
            )
        self.reading = dict(
            rule=rule,
            align_corners=align_corners,
            score_map_steps=score_map_steps,
        )
        self.choice = ThresholdChoice.parse(
            threshold, threshold_grid(thresholds, rule, 1000), **self.reading
        )
        chosen = threshold if isinstance(threshold, dict) else {}
        self.valley = chosen.get('valley') if valley is None else valley
        if self.valley is not None and self.choice.index is None:
            raise ValueError(
                f'DetectionMetric: valley={self.valley} needs a fixed '
                'threshold, for example threshold=0.2'
            )
        self.thresholds = self.choice.grid
        if self.choice.index is not None:
            self.thresholds = self.choice.grid[[self.choice.index]]
        self.min_score = min_score

    def record(self, sample):
        """Make boxes for all true classes, and for all that are predicted.

        Returns:
            Found: Predicted and true boxes.

        Raises:
            ValueError: One of these classes has no map.
        """
        scores = np.asarray(sample['pred_score'], np.float64)
        truth, of = true_objects(sample)
        boxes, labels, found_scores, localized = [], [], [], {}
        sure = set(np.flatnonzero(scores >= self.min_score).tolist())
        there = set(of.tolist())
        missing = (sure | there).difference(
            map(int, sample['score_map_labels'])
        )
        if missing:
            raise ValueError(
                f'{sample_name(sample)}: classes {sorted(missing)} are true '
                f'or have a score of at least {self.min_score:g}, but there '
                'is no score map of them. Set model.head.score_map_topk, or '
                'model.score_map_topk where an attribution or an ensemble '
                f'makes the maps, to {len(scores)}, the number of classes'
            )
        for label in sorted(sure | there):
            objects, heights = self._objects(sample, label)
            if label in there:
                ious = box_iou(objects[0], truth[of == label])
                localized[label] = ious.max(axis=1) >= IOU
            if label in sure:
                boxes += list(objects)
                labels += [label] * len(objects)
                found_scores += list(scores[label] * heights)
        return Found(
            np.array(boxes).reshape(-1, len(self.thresholds), 4),
            np.array(labels, int),
            np.array(found_scores),
            truth,
            of,
            localized,
        )

    def _objects(self, sample, label):
        """Give the boxes ``(n, T, 4)`` of a class, and their heights."""
        if self.valley is None:
            found = locate(
                sample, self.thresholds, label=label, **self.reading
            )
            return found.box[None], np.ones(1)
        threshold = float(self.thresholds[0])
        protocol = Protocol(threshold, valley=self.valley, **self.reading)
        found = locate_objects(sample, [label], protocol)
        best = max(one.score for one in found) or 1
        return (
            np.array([one.box[None] for one in found]),
            np.array([one.score / best for one in found]),
        )

    def compute_metrics(self, results):
        """Compute the figures of the whole data set; see the class.

        Args:
            results (list[Found]): Results of all images.
        """
        pairs = [hits for r in results for hits in r.localized.values()]
        right = np.sum(pairs, axis=0) if pairs else np.zeros(1)
        at = int(np.argmax(right))
        threshold = float(self.thresholds[at])
        precision = average_precision(results, at)
        names = (self.dataset_meta or {}).get('classes')
        names = unique_names(names) if names else None
        rows = {
            str(names[label] if names else label): (
                100 * precision[label],
                100 * corloc_of(results, label, at),
            )
            for label in precision
        }
        ap50, corloc = np.mean(list(rows.values()), axis=0)
        boxes = sum(len(r.boxes) for r in results) / len(results)
        lines = [
            f'AP50 {ap50:.2f} %, CorLoc {corloc:.2f} %, {boxes:.2f} boxes per '
            f'image; threshold {threshold:g} ({self.choice.source}), rule '
            f'{self.reading["rule"]}, valley {self.valley}',
            f'{"":22}{"AP50 %":>8}{"CorLoc %":>10}',
            *(f'{k:22}{a:8.2f}{c:10.2f}' for k, (a, c) in rows.items()),
        ]
        print_log('\n'.join(lines), logger='current')
        return dict(
            ap50=float(ap50),
            corloc=float(corloc),
            gt_known_acc=100 * float(right[at]) / max(1, len(pairs)),
            boxes=boxes,
            threshold=threshold,
            ap50_classes={k: a for k, (a, _) in rows.items()},
            corloc_classes={k: c for k, (_, c) in rows.items()},
        )


def corloc_of(results, label, at=0) -> float:
    """Give the share of the images of a class in which its box is right."""
    found = [r.localized[label] for r in results if label in r.localized]
    return float(np.mean([hits[at] for hits in found])) if found else 0.0


def average_precision(results, at=0) -> dict[int, float]:
    """Compute AP at an IoU of .5 of each class with true boxes.

    Args:
        results (Sequence[Found]): Predicted and true boxes of images.
        at (int): The index of the threshold. Defaults to 0.

    Returns:
        dict[int, float]: The AP of each class, in [0, 1].
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    labels = sorted({int(c) for r in results for c in r.truth_labels})
    truth = COCO()
    truth.dataset = dict(
        images=[dict(id=i) for i in range(len(results))],
        categories=[dict(id=label) for label in labels],
        annotations=[
            dict(_entry(i, label, box), iscrowd=0)
            for i, r in enumerate(results)
            for label, box in zip(r.truth_labels, r.truth, strict=True)
        ],
    )
    for number, entry in enumerate(truth.dataset['annotations'], 1):
        entry['id'] = number
    found = [
        dict(_entry(i, label, box), score=float(score))
        for i, r in enumerate(results)
        for label, box, score in zip(
            r.labels, r.boxes[:, at], r.scores, strict=True
        )
        if label in labels
    ]
    if not found:
        return dict.fromkeys(labels, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a lot
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), 'bbox')
        evaluation.params.iouThrs = np.array([IOU])
        evaluation.evaluate()
        evaluation.accumulate()
    # IoU, recall, class, area (all), boxes per image (100)
    precision = evaluation.eval['precision'][0, :, :, 0, -1]
    return dict(zip(labels, precision.mean(axis=0).tolist(), strict=True))


def _entry(image: int, label, box) -> dict:
    x0, y0, x1, y1 = map(float, box)
    width, height = x1 - x0 + 1, y1 - y0 + 1
    return dict(
        image_id=image,
        category_id=int(label),
        bbox=[x0, y0, width, height],
        area=width * height,
    )
