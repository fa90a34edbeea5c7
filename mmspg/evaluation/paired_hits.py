"""Compare ways to read maps on the same images, with intervals."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .functional.steps import Step, steps_in_words


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


class PairedHits:
    """Which boxes are right, for several readings of the same images.

    Args:
        hits (Mapping[Reading, ndarray]): ``(N, T)`` for each reading, of N
            images and T thresholds: whether a box is right, or how good it
            is in [0, 1].
        thresholds (Sequence[float]): ``(T,)`` increasing.
        number (int): The number N of images.
        draws (int): The number of bootstrap resamples. Defaults to 2000.
        seed (int): The seed of the resamples. Defaults to 0.

    Raises:
        ValueError: There is no image.
    """

    def __init__(
        self,
        hits: Mapping[Reading, np.ndarray],
        thresholds: Sequence[float] | np.ndarray,
        number: int,
        draws: int = 2000,
        seed: int = 0,
    ):
        if not number:
            raise ValueError('there is no image to choose maps on')
        self.known = dict(hits)
        self.thresholds = np.asarray(thresholds)
        self.number = number
        self.draws = min(draws, 4 * 10**7 // number)  # 160 MB
        self.seed = seed

    @cached_property
    def shares(self) -> np.ndarray:
        """The share of each image in each resample, ``(draws, N)``."""
        number = self.number
        rng = np.random.default_rng(self.seed)
        counts = rng.multinomial(
            number, np.full(number, 1 / number), self.draws
        )
        return counts.astype(np.float32) / number

    def hits(self, reading: Reading) -> np.ndarray:
        """Give the hits of a reading, ``(N, T)``."""
        return self.known[reading]

    def figure(self, reading: Reading) -> tuple[float, float]:
        """Give the best GT-known or agreement in %, with its threshold."""
        right = self.hits(reading).mean(0)
        best = int(np.argmax(right))
        return 100 * float(right[best]), float(self.thresholds[best])

    def figure_at(self, reading: Reading, threshold: float) -> float:
        """Give GT-known or agreement in percent at a given threshold."""
        at = int(np.searchsorted(self.thresholds, threshold))
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
            at = int(np.searchsorted(self.thresholds, threshold))
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
        if not options:
            return []
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
