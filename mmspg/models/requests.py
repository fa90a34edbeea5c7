"""Choose the classes whose score maps a prediction gives."""

from collections.abc import Iterable, Sequence

import torch
from mmpretrain.structures import DataSample
from torch import Tensor


def requested_labels(
    scores: Tensor,
    samples: Sequence[DataSample],
    topk: int,
    labels: Tensor | Sequence[int] | int | None = None,
    with_truth: bool = True,
) -> Tensor:
    """Choose the classes whose maps a prediction gives.

    These are ``labels`` if they are given. Otherwise they are each sample's
    ``score_map_request`` (``(K, )``, the same K for all) if all samples have
    one, or else the top-k predicted classes. A sample's ``score_map_topk``
    can ask for more than ``topk``. The ground-truth class comes last if all
    samples know it.

    Args:
        scores (Tensor): ``(N, C)``, any scores that rank the classes.
        samples (Sequence[DataSample]): N samples.
        topk (int): Number of predicted classes.
        labels (Tensor | Sequence[int] | int, optional): Classes for all
            images, ``(K, )``, or for each image, ``(N, K)``.
        with_truth (bool): Add the ground-truth class. Defaults to True.

    Returns:
        Tensor: ``(N, K)`` int64, on the device of the scores.

    Raises:
        ValueError: A label is not a class.
    """
    number, classes = scores.shape
    device = scores.device
    if labels is not None:
        wanted = torch.as_tensor(labels, device=device)
        if wanted.ndim < 2:  # the same classes for all images
            wanted = wanted.reshape(1, -1)
        if not wanted.numel() or wanted.min() < 0 or wanted.max() >= classes:
            raise ValueError(
                f'Maps were asked for the classes {wanted.tolist()}, but '
                f'classes go from 0 to {classes - 1}.'
            )
        wanted = wanted.expand(number, -1)
    elif all('score_map_request' in sample for sample in samples):
        wanted = torch.stack([s.score_map_request for s in samples])
        wanted = wanted.to(device)
    else:
        topk = max([topk, *(s.get('score_map_topk', 0) for s in samples)])
        wanted = scores.topk(min(topk, classes), dim=1).indices
    if with_truth and all('gt_label' in sample for sample in samples):
        truth = torch.stack([s.gt_label[:1] for s in samples]).to(device)
        wanted = torch.cat([wanted, truth], dim=1)
    return wanted


def give_maps(
    samples: Sequence[DataSample],
    maps: Iterable[Tensor],
    labels: Iterable[Tensor] | None = None,
) -> None:
    """Give samples their maps, as `mmspg.evaluation` reads them.

    Args:
        samples (Sequence[DataSample]): N samples, changed in place.
        maps (Iterable[Tensor]): The N ``score_map``, each ``(K, h, w)``.
        labels (Iterable[Tensor], optional): The N ``score_map_labels``, each
            ``(K, )``. None: those of the samples stay.
    """
    for sample, score_map in zip(samples, maps, strict=True):
        sample.set_field(score_map, 'score_map', dtype=Tensor)
    if labels is not None:
        for sample, label in zip(samples, labels, strict=True):
            sample.set_field(label, 'score_map_labels', dtype=Tensor)


def refuse_soft_targets(samples: Sequence[DataSample], head: str) -> None:
    """Refuse mixed images, which have no one map to guide or to erase by.

    Args:
        samples (Sequence[DataSample]): Samples of a batch.
        head (str): Name of the head, for the message.

    Raises:
        ValueError: The targets are ``gt_score``, from mixup or CutMix.
    """
    if 'gt_score' in samples[0]:
        raise ValueError(
            f'{head} got soft targets (gt_score), which mixup and CutMix '
            'make, but it needs images that are not mixed. Remove '
            'model.train_cfg.augments.'
        )
