"""Choose the threshold that a report uses, and remember its source."""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from ..choice_values import check_threshold, checked_choice
from ..choices import (
    check_choice,
    describe,
    read_choice,
)
from ..functional import get_rule


@dataclass(frozen=True)
class ThresholdChoice:
    """A threshold of a grid that was chosen elsewhere, fixed or the oracle's.

    Attributes:
        grid (ndarray): ``(T,)`` increasing, all evaluated thresholds.
        index (int, optional): Index of the threshold. None: undecided.
        source (str): Where it came from, in words.
        tight (int, optional): Index for Top-5*'s tight boxes.
        loose (int, optional): Index for Top-5*'s loose boxes.
        star_source (str): Where these two came from.
    """

    grid: np.ndarray
    index: int | None = None
    source: str = 'oracle: best for GT-known on these images'
    tight: int | None = None
    loose: int | None = None
    star_source: str = 'oracle: best for Top-5* on these images'

    @classmethod
    def parse(cls, threshold, grid, star=None, **protocol):
        """Read the option ``threshold`` of `LocalizationMetric`.

        Args:
            threshold (str | float | dict): 'oracle', a number, a file that
                ``sweep_threshold.py`` has written, or the content of one.
            grid (array): ``(T,)`` increasing.
            star (tuple[float], optional): Fixed (tight, loose) thresholds.
            **protocol: Settings that a stored choice must have been made
                with: ``rule``, ``align_corners``, ``score_map_steps``.

        Raises:
            ValueError: There is no such option, or the file has no choice or
                one that was made with other settings.
        """
        if isinstance(threshold, str) and threshold not in (
            'oracle',
            'checkpoint',
        ):
            threshold = read_choice(threshold)
        star_source = 'fixed'
        if isinstance(threshold, dict):
            check_choice(checked_choice(threshold), protocol)
            source = describe(threshold)
            if star is None and 'threshold_tight' in threshold:
                star = (
                    threshold['threshold_tight'],
                    threshold['threshold_loose'],
                )
                star_source = source
            threshold = threshold['threshold']
        elif isinstance(threshold, Real):
            source = 'fixed'
        elif threshold == 'oracle':
            # A single threshold, for example a rule's, is fixed.
            threshold = grid[0] if len(grid) == 1 else None
            source = 'fixed'
        elif threshold == 'checkpoint':
            raise ValueError(
                "only tools/test.py replaces threshold='checkpoint' by the "
                'choice that is stored in or beside the checkpoint. Elsewhere '
                'give a number, or the .json that sweep_threshold.py has '
                'written'
            )
        else:
            raise ValueError(
                f"threshold={threshold!r}: expected 'oracle', 'checkpoint', a "
                'number or a .json file'
            )
        given = [t for t in (threshold, *(star or ())) if t is not None]
        for value in given:
            check_threshold(value, rule=protocol.get('rule'))
        grid = np.union1d(grid, np.asarray(given, np.float64))
        choice = cls(grid)
        if threshold is not None:
            choice = replace(
                choice, index=choice.position(threshold), source=source
            )
        if star is not None:
            tight, loose = star
            if not tight >= loose:
                raise ValueError(
                    f'star_thresholds=({tight}, {loose}): the threshold of '
                    'the tight box comes first and must be the higher one'
                )
            choice = replace(
                choice,
                tight=choice.position(tight),
                loose=choice.position(loose),
                star_source=star_source,
            )
        return choice

    def position(self, threshold):
        """Give the index of a threshold that is on the grid."""
        return int(np.searchsorted(self.grid, threshold))

    def decide(self, right):
        """Take the best threshold if none is fixed; of equals, the lowest.

        Args:
            right (array): ``(T,)`` number of right images by threshold.
        """
        if self.index is not None:
            return self
        return replace(self, index=int(np.argmax(right)))

    def decide_star(self, right):
        """Take the best (tight, loose) if none is fixed.

        Of equals, the one with the lowest tight threshold counts.

        Args:
            right (array): ``(T, T)`` number of right images, tight by loose.
        """
        if self.tight is not None:
            return self
        right = np.tril(right)  # the tight threshold is the higher one
        tight, loose = np.unravel_index(np.argmax(right), right.shape)
        return replace(self, tight=int(tight), loose=int(loose))


def threshold_grid(thresholds, rule, most):
    """Read the option ``thresholds`` of `LocalizationMetric`.

    Args:
        thresholds (int | sequence, optional): The thresholds, or how many,
            evenly spaced from 0. None: the rule's threshold, or 20.
        rule (str): One of `RULES`.
        most (int): The largest number of thresholds.

    Returns:
        ndarray: ``(T,)`` increasing.

    Raises:
        ValueError: There are too many or none, or one is not a number >= 0.
    """
    if thresholds is None:
        thresholds = get_rule(rule).thresholds or 20
    if isinstance(thresholds, int):
        if thresholds > most:  # before they fill the memory
            raise ValueError(
                f'LocalizationMetric: {thresholds} thresholds take more than '
                f'{most // 8} bytes for each image. Set fewer'
            )
        thresholds = np.arange(thresholds) / max(thresholds, 1)
    grid = np.unique(np.asarray(thresholds, np.float64))
    if not grid.size or not np.isfinite(grid).all() or grid[0] < 0:
        raise ValueError(
            f'LocalizationMetric: thresholds={thresholds!r}; expected a '
            'number of thresholds or a list of numbers >= 0'
        )
    check_threshold(grid[-1], 'the highest of thresholds', rule)
    return grid
