"""Find the map and the steps that give better boxes, and not by luck.

Candidates are compared on the same images, each at its own best threshold. A
change is kept only if the interval of its gain lies above zero. The more
changes are tried, the wider the interval is; otherwise one in twenty useless
changes would look good.
"""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from .functional import (
    box_iou,
    hits_at_thresholds,
    to_inclusive,
)
from .functional.steps import Step, steps_in_words
from .locate import locate
from .proposals import agreement, strangers
from .samples import true_boxes

STEPS_TRIED: tuple[list[Step], ...] = (
    [],
    ['percentile'],
    [dict(type='percentile', q=0.8)],
    ['ivr'],
    ['max'],
    ['max', 'percentile'],
)


class Reading(NamedTuple):
    """A map and how it is brought to [0, 1].

    ``source`` is a ``score_map_source``. ``steps`` are ``score_map_steps``,
    written as JSON so that a reading can be the key of a dictionary.
    """

    source: str
    steps: str = '[]'

    @classmethod
    def of(cls, source: str, steps: Sequence[Step]) -> 'Reading':
        """Make a reading from a list of steps."""
        return cls(source, json.dumps(list(steps)))

    def list_of_steps(self) -> list[Step]:
        """Give the steps in the form they have in a config."""
        return json.loads(self.steps)

    def __str__(self):
        return f'{self.source}, {steps_in_words(self.list_of_steps())}'


class Gain(NamedTuple):
    """The gain of one reading over another, in points of GT-known."""

    mean: float
    low: float
    high: float

    def __str__(self):
        return f'{self.mean:+.1f} ({self.low:+.1f} to {self.high:+.1f})'


class Move(NamedTuple):
    """The best change of a round, and whether it was kept."""

    to: Reading
    gain: Gain
    tried: int
    kept: bool


class Comparison:
    """Compares readings on the same images, and computes hits when needed.

    Args:
        images (list[dict]): From `mmspg.evaluation.map_collection`.
        metric (LocalizationMetric): The metric with rule, IoU and
            thresholds.
        proposals (list[ndarray], optional): Class-agnostic boxes
            ``(n, 4)`` of each image, in inclusive pixels. If they are given,
            boxes are judged by their `agreement` with them, and otherwise by
            the true boxes.
        draws (int): The number of bootstrap resamples. Defaults to 2000.
        seed (int): The seed of the resamples. Defaults to 0.
    """

    def __init__(
        self,
        images,
        metric,
        proposals: list[np.ndarray] | None = None,
        draws: int = 2000,
        seed: int = 0,
    ):
        if not images:
            raise ValueError('there is no image to choose maps on')
        self.images = images
        self.metric = metric
        self.sources = list(images[0]['maps'])
        number = len(images)
        draws = min(draws, 4 * 10**7 // number)  # 160 MB
        rng = np.random.default_rng(seed)
        # The share of each image in each resample.
        counts = rng.multinomial(number, np.full(number, 1 / number), draws)
        self.shares = counts.astype(np.float32) / number
        self._hits: dict[Reading, np.ndarray] = {}
        if proposals is None:
            self._judges = [
                partial(self._right, to_inclusive(true_boxes(image)))
                for image in images
            ]
        else:
            sizes = [tuple(image['ori_shape'][1::-1]) for image in images]
            self._judges = [
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
        if reading not in self._hits:
            how = dict(
                self.metric.reading, score_map_steps=reading.list_of_steps()
            )
            self._hits[reading] = np.stack(
                [
                    judge(self._boxes(image, reading.source, how))
                    for image, judge in zip(
                        self.images, self._judges, strict=True
                    )
                ]
            )
        return self._hits[reading]

    def _boxes(self, image, source, how):
        sample = dict(
            image,
            score_map=image['maps'][source][None],
            score_map_labels=[0],
        )
        return locate(sample, self.metric.thresholds, label=0, **how).box

    def _right(self, truth, boxes):
        ious = box_iou(boxes, truth).max(axis=1)
        metric = self.metric
        return hits_at_thresholds(ious, metric.iou_thrs[:1], metric.strict)[0]

    def figure(self, reading: Reading) -> tuple[float, float]:
        """Give the best GT-known or agreement in %, with its threshold."""
        right = self.hits(reading).mean(0)
        best = int(np.argmax(right))
        return 100 * float(right[best]), float(self.metric.thresholds[best])

    def figure_at(self, reading: Reading, threshold: float) -> float:
        """Give GT-known or agreement in percent at a given threshold."""
        at = int(np.searchsorted(self.metric.thresholds, threshold))
        return 100 * float(self.hits(reading)[:, at].mean())

    def gain_at(
        self, to: tuple[Reading, float], over: tuple[Reading, float]
    ) -> Gain:
        """Compute a gain at thresholds that were chosen elsewhere.

        Args:
            to (tuple[Reading, float]): The new reading and its threshold.
            over (tuple[Reading, float]): The present reading and threshold.

        Returns:
            Gain: The gain with the 95 % interval of a paired bootstrap.
        """
        drawn = []
        for reading, threshold in (to, over):
            at = int(np.searchsorted(self.metric.thresholds, threshold))
            drawn.append(self.shares @ self.hits(reading)[:, at])
        low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
        mean = self.figure_at(*to) - self.figure_at(*over)
        return Gain(mean, 100 * float(low), 100 * float(high))

    def gains(
        self, options: Sequence[Reading], over: Reading, level: float = 0.95
    ) -> list[Gain]:
        """Compute gains of several readings, with simultaneous intervals.

        All readings are compared on the same bootstrap resamples of the
        images, and each resample chooses the threshold of each reading
        again. All intervals have the same width in standard errors. It is
        such that no gain leaves its interval in a share ``level`` of the
        resamples (the studentized maximum). More options make intervals
        wider, unless they are alike.

        Args:
            options (Sequence[Reading]): The readings that might be better.
            over (Reading): The present reading.
            level (float): The level of all intervals together, in (0, 1).
        """
        drawn = np.stack(
            [self._drawn(to) - self._drawn(over) for to in options]
        )
        means = drawn.mean(axis=1, keepdims=True)
        errors = drawn.std(axis=1, keepdims=True)
        scores = np.abs(drawn - means) / np.where(errors > 0, errors, 1)
        width = np.quantile(scores.max(axis=0), level) * 100 * errors[:, 0]
        found = []
        for to, half in zip(options, width.tolist(), strict=True):
            gain = self.figure(to)[0] - self.figure(over)[0]
            found.append(Gain(gain, gain - half, gain + half))
        return found

    def _drawn(self, reading):
        """Give GT-known in each resample, as a share: ``(draws,)``."""
        hits = self.hits(reading).astype(np.float32)
        return (self.shares @ hits).max(axis=1).astype(np.float64)


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
