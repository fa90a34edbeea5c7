"""Deep descriptor transforming (DDT, Wei et al., Pattern Recognition 2019).

What the images of a set have in common is the direction in which their
descriptors, the cells of the feature maps, vary most. The projection onto it
is a map that knows no class. Its authors take the statistics of the images
that are localized; here they are made once, of images of one's choice, and
go with the weights.
"""

from collections.abc import Iterable

import torch
from torch import Tensor


def principal_direction(batches: Iterable[Tensor]) -> Tensor:
    """The mean descriptor, and the direction of the largest variance.

    The direction points to where the descriptors are large, as they are on
    objects: its sign is that of its covariance with their mean over the
    channels.

    Args:
        batches (Iterable[Tensor]): Feature maps ``(N, D, h, w)``.

    Returns:
        Tensor: Shape ``(2, D)`` float32: the mean, the direction of length 1.

    Raises:
        ValueError: There is no image, or all cells are alike.
    """
    number, total, products = 0, 0, 0
    for features in batches:
        cells = features.detach().movedim(1, -1).flatten(0, 2).double()
        number += len(cells)
        total = total + cells.sum(0)
        products = products + cells.T @ cells
    if not number:
        raise ValueError('DDT needs at least one image.')
    mean = total / number
    covariance = products / number - torch.outer(mean, mean)
    values, vectors = torch.linalg.eigh(covariance)
    if not values[-1] > 0:
        raise ValueError('DDT: all cells of all feature maps are alike.')
    direction = vectors[:, -1]
    sign = torch.sign((covariance @ direction).sum())
    return torch.stack([mean, direction * (sign if sign else 1)]).float()


def project(features: Tensor, statistics: Tensor) -> Tensor:
    """The map of `principal_direction`, ``(N, h, w)``.

    Args:
        features (Tensor): Shape ``(N, D, h, w)``.
        statistics (Tensor): Shape ``(2, D)``.
    """
    mean, direction = statistics
    return torch.einsum(
        'ndhw,d->nhw', features - mean[:, None, None], direction
    )
