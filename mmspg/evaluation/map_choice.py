"""Which map and which steps give better boxes, and not by luck.

Candidates are compared on the same images, each at its own best threshold. A
change is kept only if the interval of what it gains leaves out zero. The
interval is wider, the more changes were tried: of twenty that change
nothing, one would else look good.
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

    ``source`` is a ``score_map_source``, ``steps`` the ``score_map_steps`` as
    JSON, so that a reading can be a key.
    """

    source: str
    steps: str = '[]'

    @classmethod
    def of(cls, source: str, steps: Sequence[Step]) -> 'Reading':
        """From steps as a list."""
        return cls(source, json.dumps(list(steps)))

    def list_of_steps(self) -> list[Step]:
        """The steps as a config has them."""
        return json.loads(self.steps)

    def __str__(self):
        return f'{self.source}, {steps_in_words(self.list_of_steps())}'


class Gain(NamedTuple):
    """What a reading gains over another, in points of GT-known."""

    mean: float
    low: float
    high: float

    def __str__(self):
        return f'{self.mean:+.1f} ({self.low:+.1f} to {self.high:+.1f})'


class Move(NamedTuple):
    """A change that was tried: the best of a round, kept or not."""

    to: Reading
    gain: Gain
    tried: int
    kept: bool


class Comparison:
    """Hits of readings on the same images, computed when asked for.

    Args:
        images (list[dict]): From `mmspg.evaluation.map_collection`.
        metric (LocalizationMetric): Gives rule, IoU and thresholds.
        proposals (list[ndarray], optional): Class-agnostic boxes
            ``(n, 4)`` of each image, in inclusive pixels. With them a box
            counts by its `agreement`, and true boxes are not looked at.
            Defaults to None, right or wrong by true boxes.
        draws (int): Resamples of a bootstrap. Defaults to 2000.
        seed (int): Of the resamples. Defaults to 0.
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
        # How often each image is in each resample, as a share.
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
        """One of the readings, by any name of its map."""
        if source == 'attention_fuse':
            source = 'attention*fuse'
        mirrored = '*'.join(reversed(source.split('*')))
        return Reading.of(
            mirrored if mirrored in self.sources else source, steps
        )

    def hits(self, reading: Reading) -> np.ndarray:
        """Which boxes are right, ``(N, T)`` bool, or how well they agree."""
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
        """GT-known or agreement in percent, and the threshold of it."""
        right = self.hits(reading).mean(0)
        best = int(np.argmax(right))
        return 100 * float(right[best]), float(self.metric.thresholds[best])

    def figure_at(self, reading: Reading, threshold: float) -> float:
        """GT-known or agreement in percent at a threshold of the metric."""
        at = int(np.searchsorted(self.metric.thresholds, threshold))
        return 100 * float(self.hits(reading)[:, at].mean())

    def gain_at(
        self, to: tuple[Reading, float], over: tuple[Reading, float]
    ) -> Gain:
        """What a reading gains at thresholds that were chosen elsewhere.

        Args:
            to (tuple[Reading, float]): A reading and its threshold.
            over (tuple[Reading, float]): The other.

        Returns:
            Gain: With its 95 % interval, of a paired bootstrap.
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
        """What each of some readings gains, with intervals that hold together.

        Images are drawn anew with replacement, the same for all, and each
        draw chooses each reading's threshold anew. An interval is so many
        standard errors wide that in a share ``level`` of the draws no gain
        leaves its own (the studentized maximum): the more options, the
        wider, but for those that are alike.

        Args:
            options (Sequence[Reading]): What might be better.
            over (Reading): The present one.
            level (float): Of all intervals together, in (0, 1).
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
        """GT-known of each resample, as a share, ``(draws,)``."""
        hits = self.hits(reading).astype(np.float32)
        return (self.shares @ hits).max(axis=1).astype(np.float64)


def choose(
    comparison: Comparison, start: Reading, level: float = 0.95
) -> list[Move]:
    """Improve a reading step by step, as long as it is no luck.

    A round tries every single map with every list of steps, and every
    product that has a map of the present one. Of those whose interval leaves
    out zero the best is kept, and the next round begins there. Map and
    steps change at once only where neither alone is sure to gain.

    Args:
        comparison (Comparison): The validation images.
        start (Reading): Where to begin.
        level (float): Of a round's intervals together. Defaults to .95.

    Returns:
        list[Move]: The best of each round; all but the last were kept.
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
        # No step comes along with a map that would gain without it.
        fewest = min((_changes(to, current) for to in sure), default=0)
        sure = [to for to in sure if _changes(to, current) == fewest]
        best = max(sure or tried, key=lambda to: gains[to].mean)
        path.append(Move(best, gains[best], len(tried), bool(sure)))
        if not sure:
            return path
        current = best


def chosen(path: Iterable[Move], start: Reading) -> Reading:
    """Where a search ended."""
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
