"""Find the map and the steps that give better boxes, and not by luck.

Candidates are compared on the same images, each at its own best threshold. A
change is kept only if the interval of its gain lies above zero. The more
changes are tried, the wider the interval is; otherwise one in twenty useless
changes would look good.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from mmengine.dist import all_gather_object

from .functional import (
    box_iou,
    hits_at_thresholds,
    to_inclusive,
)
from .functional.steps import Step
from .locate import locate
from .map_collection import walk_maps
from .map_sources import available_sources
from .paired_hits import Gain, PairedHits, Reading
from .proposals import agreement, strangers
from .samples import sample_index, true_boxes

CENTRED = Reading('centred box')
SHARES = np.arange(1, 101) / 100  # a centred box has of the sides

STEPS_TRIED: tuple[list[Step], ...] = (
    [],
    ['percentile'],
    [dict(type='percentile', q=0.8)],
    ['ivr'],
    ['max'],
    ['max', 'percentile'],
)


class Move(NamedTuple):
    """The best change of a round, and whether it was kept."""

    to: Reading
    gain: Gain
    tried: int
    kept: bool


class Comparison(PairedHits):
    """Compares readings of maps, and boxes them when needed.

    Args:
        images (list[dict]): From `mmspg.evaluation.map_collection`.
        metric (LocalizationMetric): The metric with rule, IoU and
            thresholds.
        proposals (list[ndarray], optional): Class-agnostic boxes
            ``(n, 4)`` of each image, in inclusive pixels. If they are given,
            boxes are judged by their `agreement` with them, and otherwise by
            the true boxes.
        **kwargs: ``draws`` and ``seed`` of `PairedHits`.
    """

    def __init__(
        self,
        images,
        metric,
        proposals: list[np.ndarray] | None = None,
        **kwargs,
    ):
        super().__init__({}, metric.thresholds, len(images), **kwargs)
        self.images = images
        self.metric = metric
        self.sources = list(images[0]['maps'])
        self.judges = [partial(right_boxes, image, metric) for image in images]
        if proposals is not None:
            sizes = [tuple(image['ori_shape'][1::-1]) for image in images]
            self.judges = [
                partial(agreement, own=own, others=others)
                for own, others in zip(
                    proposals, strangers(proposals, sizes), strict=True
                )
            ]

    def reading(self, source: str, steps: Sequence[Step]) -> Reading:
        """Give a reading; its map may have any of its names."""
        if source == 'attention_fuse':
            source = 'attention*fuse'
        mirrored = '*'.join(reversed(source.split('*')))
        return Reading.of(
            mirrored if mirrored in self.sources else source, steps
        )

    def hits(self, reading: Reading) -> np.ndarray:
        """Judge all boxes: ``(N, T)``, bool or agreement with proposals."""
        if reading not in self.known:
            self.known[reading] = np.stack(
                [
                    judge(boxes_of(image, reading, self.metric))
                    for image, judge in zip(
                        self.images, self.judges, strict=True
                    )
                ]
            )
        return self.known[reading]


def boxes_of(image: dict, reading: Reading, metric) -> np.ndarray:
    """Box a map of an image at all thresholds of a metric, ``(T, 4)``."""
    sample = dict(
        image,
        score_map=image['maps'][reading.source][None],
        score_map_labels=[0],
    )
    how = dict(metric.reading, score_map_steps=reading.list_of_steps())
    return locate(sample, metric.thresholds, label=0, **how).box


def right_boxes(image: dict, metric, boxes: np.ndarray) -> np.ndarray:
    """Tell which boxes ``(T, 4)`` of an image are right, ``(T,)`` bool."""
    ious = box_iou(boxes, to_inclusive(true_boxes(image))).max(axis=1)
    return hits_at_thresholds(ious, metric.iou_thrs[:1], metric.strict)[0]


def centred_boxes(image: dict) -> np.ndarray:
    """Give the centred boxes with each of `SHARES` of the sides, ``(S, 4)``.

    Args:
        image (dict): With ``ori_shape``.
    """
    height, width = image['ori_shape'][:2]
    half = np.outer(SHARES, [-width, -height, width, height]) / 2
    return to_inclusive(np.array([width, height] * 2) / 2 + half)


def compare_centred(images: Sequence[dict], metric) -> PairedHits:
    """Judge centred boxes; the "threshold" of `CENTRED` is their share."""
    hits = [right_boxes(one, metric, centred_boxes(one)) for one in images]
    return PairedHits({CENTRED: np.array(hits)}, SHARES, len(images))


class MapComparison(NamedTuple):
    """What `compare_map_sources` gives.

    ``maps`` has the hits of all maps, ``centred`` those of centred boxes, and
    ``start`` is the reading that the head has now.
    """

    maps: PairedHits
    centred: PairedHits
    start: Reading


def compare_map_sources(model, dataloader, metric) -> MapComparison:
    """Compare the single maps of a network in one pass, and keep no map.

    Args:
        model (ImageClassifier): A model in evaluation mode, with
            `available_sources`. It is not changed.
        dataloader (DataLoader): Gives images with boxes.
        metric (LocalizationMetric): Gives rule, steps, IoU and thresholds.
            A threshold that it fixes is the only one. It is not changed.

    Returns:
        MapComparison: The hits on the images of all processes.
    """
    steps = metric.reading['score_map_steps']
    sources = [model.head.score_map_source, *available_sources(model)]
    readings = [Reading.of(one, steps) for one in dict.fromkeys(sources)]
    found: dict = {}
    for rows in walk_maps(model, dataloader, [one.source for one in readings]):
        for row in rows:
            hits = [
                right_boxes(row, metric, boxes_of(row, one, metric))
                for one in readings
            ]
            centred = right_boxes(row, metric, centred_boxes(row))
            found[sample_index(row)] = np.array(hits), centred
    # Each image once, as a sampler may repeat some.
    found = {
        k: v for part in all_gather_object(found) for k, v in part.items()
    }
    of_maps = np.stack([hits for hits, _ in found.values()])
    of_centred = np.stack([hits for _, hits in found.values()])
    thresholds = metric.thresholds
    if metric.choice.index is not None:
        fixed = slice(metric.choice.index, metric.choice.index + 1)
        of_maps, thresholds = of_maps[..., fixed], thresholds[fixed]
    return MapComparison(
        PairedHits(
            {one: of_maps[:, i] for i, one in enumerate(readings)},
            thresholds,
            len(found),
        ),
        PairedHits({CENTRED: of_centred}, SHARES, len(found)),
        readings[0],
    )


def best_map(compared: MapComparison) -> Reading:
    """Give the map with the best figure; of equals, the one it had."""
    maps, start = compared.maps, compared.start
    return max(maps.known, key=lambda one: (maps.figure(one)[0], one == start))


def choose(
    comparison: Comparison, start: Reading, level: float = 0.95
) -> list[Move]:
    """Improve a reading step by step, as long as the gain is not luck.

    Each round tries every single map with every list of steps, and every
    product that contains a map of the present reading. The best of the
    changes whose interval lies above zero is kept, and the next round begins
    there. Map and steps change together only if neither change alone has
    such an interval.

    Args:
        comparison (Comparison): The comparison on the validation images.
        start (Reading): The reading to begin with.
        level (float): The level of all intervals of a round together.
            Defaults to .95.

    Returns:
        list[Move]: The best change of each round. All but the last were kept.
    """
    path: list[Move] = []
    current = start
    while True:
        tried = list(_moves(comparison, current))
        if not tried:
            return path
        gains = dict(
            zip(tried, comparison.gains(tried, current, level), strict=True)
        )
        sure = [to for to in tried if gains[to].low > 0]
        # A map that gains without new steps is taken without them.
        fewest = min((_changes(to, current) for to in sure), default=0)
        sure = [to for to in sure if _changes(to, current) == fewest]
        best = max(sure or tried, key=lambda to: gains[to].mean)
        path.append(Move(best, gains[best], len(tried), bool(sure)))
        if not sure:
            return path
        current = best


def choose_views(comparison: Comparison, steps: str) -> Move:
    """Find the best views of a map, and tell whether they are kept.

    Args:
        comparison (Comparison): Of `collect_views`.
        steps (str): The steps of the reading whose views they are.
    """
    alone, *options = [Reading(name, steps) for name in comparison.sources]
    gains = comparison.gains(options, alone)
    to, gain = max(
        zip(options, gains, strict=True),
        key=lambda pair: (pair[1].low > 0, pair[1].mean),
    )
    return Move(to, gain, len(options), gain.low > 0)


def chosen(path: Iterable[Move], start: Reading) -> Reading:
    """Give the reading that a search has ended with."""
    return [start, *(move.to for move in path if move.kept)][-1]


def _changes(to, current):
    return (to.source != current.source) + (to.steps != current.steps)


def _moves(comparison, current):
    parts = set(current.source.split('*'))
    for source in comparison.sources:
        if source == current.source or '*' not in source:
            lists = [*STEPS_TRIED, current.list_of_steps()]
        elif parts & set(source.split('*')):
            lists = [current.list_of_steps()]
        else:
            continue
        options = dict.fromkeys(Reading.of(source, steps) for steps in lists)
        options.pop(current, None)
        yield from options
