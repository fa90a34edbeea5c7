"""Images of none, one or several classes: targets and predictions."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

SURE = 0.5  # from this score on a class is predicted


def present_labels(
    samples: Sequence[DataSample], nothing: int | None = None
) -> Tensor:
    """The true classes of images that may have none, one or several.

    Args:
        samples (Sequence[DataSample]): With ``gt_label`` ``(k, )``, k >= 0.
        nothing (int, optional): The class of images without an object.

    Returns:
        Tensor: ``(N, K)`` int64, K >= 1, filled up with -1; a class
        ``nothing`` is -1, too.
    """
    labels = pad_sequence(
        [sample.gt_label.long() for sample in samples],
        batch_first=True,
        padding_value=-1,
    )
    if not labels.shape[1]:
        labels = F.pad(labels, (0, 1), value=-1)
    return labels if nothing is None else labels.where(labels != nothing, -1)


def multi_hot(
    samples: Sequence[DataSample], num_classes: int, like: Tensor
) -> Tensor:
    """Give ``(N, C)``, 1 where an image has a class and 0 elsewhere.

    Args:
        samples (Sequence[DataSample]): With ``gt_label`` ``(k, )``, k >= 0.
        num_classes (int): Number of classes C.
        like (Tensor): Its device and type are taken.
    """
    labels = present_labels(samples).to(like.device)
    # -1 becomes one past the last class, which is cut off.
    target = like.new_zeros(len(labels), num_classes + 1)
    return target.scatter_(1, labels % (num_classes + 1), 1)[:, :-1]


def predict_several(
    scores: Tensor, samples: Sequence[DataSample | None] | None
) -> list[DataSample]:
    """Predict each class on its own.

    Args:
        scores (Tensor): ``(N, C)``, in [0, 1].
        samples (Sequence[DataSample], optional): N samples, to be filled.

    Returns:
        list[DataSample]: With ``pred_score`` ``(C, )`` and ``pred_label``
        ``(k, )``, the classes with a score of at least .5, surest first.
    """
    found = []
    for score, sample in zip(
        scores, samples or [None] * len(scores), strict=True
    ):
        order = score.argsort(descending=True)
        sample = DataSample() if sample is None else sample
        sample.set_pred_score(score)
        found.append(sample.set_pred_label(order[score[order] >= SURE]))
    return found
