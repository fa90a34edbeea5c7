"""Boxes of several classes an image: AP50 and CorLoc by class."""

import contextlib
import io
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..functional import box_iou
from ..locate import locate, locate_objects, true_objects
from ..protocol import Protocol
from .record_metric import RecordMetric
from .threshold_choice import ThresholdChoice, threshold_grid

IOU = 0.5


class Found(NamedTuple):
    """What is kept of one image. Boxes are in inclusive pixels."""

    boxes: np.ndarray  # (n, T, 4), predicted, at every threshold
    labels: np.ndarray  # (n,)
    scores: np.ndarray  # (n,)
    truth: np.ndarray  # (m, 4)
    truth_labels: np.ndarray  # (m,)
    localized: dict  # class that is there: (T,) bool, whether it was found


@METRICS.register_module()
class DetectionMetric(RecordMetric):
    """AP50 and CorLoc of a network that learnt from labels of images.

    AP50 is the average precision at an IoU of .5 of the boxes of all classes
    with a score of at least ``min_score``, by pycocotools, which reads the
    precision at 101 recalls. CorLoc (Deselaers et al., IJCV 2012) is the
    share of the images with a class in which the box of that class is right.
    Both are means over the classes that have true boxes.

    Figures, in percent, under the prefix ``det``: ``ap50``, ``corloc``,
    ``ap50_classes`` and ``corloc_classes`` by class name; ``gt_known_acc``,
    CorLoc over all pairs of image and class; ``boxes`` an image, and
    ``threshold``.

    Args:
        threshold (str | float | dict): As of `LocalizationMetric`: 'oracle'
            is the best of ``thresholds`` for ``gt_known_acc`` on the
            evaluated images. Defaults to 'oracle'.
        thresholds (int | sequence, optional): Likewise.
        rule (str): Likewise.
        align_corners (bool): Likewise.
        score_map_steps (Sequence): Likewise.
        valley (float, optional): See `objects_of`; with a fixed threshold
            alone. None: that of the choice, or one box a class.
        min_score (float): Classes below it have no box. Defaults to .05.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.

    Raises:
        ImportError: pycocotools is not installed.
        ValueError: Unknown rule or option, or a valley without a threshold.
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
                f'DetectionMetric: valley={self.valley} needs a threshold, '
                'threshold=0.2 for example'
            )
        self.thresholds = self.choice.grid
        if self.choice.index is not None:
            self.thresholds = self.choice.grid[[self.choice.index]]
        self.min_score = min_score

    def record(self, sample):
        """Box all classes that are sure enough, and those that are there.

        Returns:
            Found: Predicted and true boxes.
        """
        scores = np.asarray(sample['pred_score'], np.float64)
        truth, of = true_objects(sample)
        boxes, labels, found_scores, localized = [], [], [], {}
        for label in sorted(set(map(int, sample['score_map_labels']))):
            there = bool((of == label).any())
            sure = scores[label] >= self.min_score
            if not there and not sure:
                continue
            objects, heights = self._objects(sample, label)
            if there:
                ious = box_iou(objects[0], truth[of == label])
                localized[label] = ious.max(axis=1) >= IOU
            if sure:
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
        """Boxes ``(n, T, 4)`` of a class, and their heights ``(n,)``."""
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
        """Figures of the whole data set; see the class.

        Args:
            results (list[Found]): In the order of the data set.
        """
        pairs = [hits for r in results for hits in r.localized.values()]
        right = np.sum(pairs, axis=0) if pairs else np.zeros(1)
        at = int(np.argmax(right))
        threshold = float(self.thresholds[at])
        precision = average_precision(results, at)
        names = (self.dataset_meta or {}).get('classes')
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
            f'AP50 {ap50:.2f} %, CorLoc {corloc:.2f} %, {boxes:.2f} boxes an '
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
    """Share of the images with a class whose box of it is right."""
    found = [r.localized[label] for r in results if label in r.localized]
    return float(np.mean([hits[at] for hits in found])) if found else 0.0


def average_precision(results, at=0) -> dict[int, float]:
    """AP at an IoU of .5 of each class with true boxes, by pycocotools.

    Args:
        results (Sequence[Found]): Predicted and true boxes of images.
        at (int): Which of the thresholds. Defaults to the first.

    Returns:
        dict[int, float]: By class, in [0, 1].
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
    with contextlib.redirect_stdout(io.StringIO()):  # it is chatty
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), 'bbox')
        evaluation.params.iouThrs = np.array([IOU])
        evaluation.evaluate()
        evaluation.accumulate()
    # IoU, recall, class, area (all), boxes an image (100)
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
