"""Means over seeds, and intervals over images and seeds."""

import numpy as np

REPLICATES = 10_000


def bootstrap_means(hits, weights, dice):
    """Accuracy of resampled images and seeds.

    Args:
        hits (array): ``(S, N)`` bool, of S seeds and N images.
        weights (array): ``(R, N)``, how often each replicate has an image.
        dice (Generator): Draws the seeds.

    Returns:
        array: ``(R, )``, in percent.
    """
    by_seed = weights @ hits.T.astype(float) / hits.shape[1]
    drawn = dice.integers(len(hits), size=(len(weights), len(hits)))
    return 100 * np.take_along_axis(by_seed, drawn, axis=1).mean(axis=1)


def difference(hits, base):
    """How much better one system is than another on the same images.

    The images are resampled for both alike, the seeds for each alone; 95 %
    percentile interval of 10,000 replicates, the same at every call.

    Args:
        hits (array): ``(S, N)`` bool.
        base (array): ``(S', N)`` bool.

    Returns:
        tuple[float, float, float]: Difference of the means and the ends of
        its interval, in points.
    """
    dice = np.random.default_rng(0)
    number = hits.shape[1]
    weights = dice.multinomial(number, np.full(number, 1 / number), REPLICATES)
    gains = bootstrap_means(hits, weights, dice) - bootstrap_means(
        base, weights, dice
    )
    low, high = np.percentile(gains, (2.5, 97.5))
    return 100 * (hits.mean() - base.mean()), low, high


def half_width(hits, base):
    """Half of the 95 % interval that is left with any number of seeds.

    The images of the part stay a sample. The mean over few seeds still
    carries some of their noise, so this is rather too wide.

    Args:
        hits (array): ``(S, N)`` bool.
        base (array): ``(S', N)`` bool.

    Returns:
        float: 1.96 standard errors of the mean difference, in points.
    """
    gains = hits.mean(axis=0) - base.mean(axis=0)
    return 196 * gains.std(ddof=1) / len(gains) ** 0.5
