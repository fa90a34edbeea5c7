"""ACoL: two classifiers, of which the second sees what the first leaves."""

from collections.abc import Sequence

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmspg.registry import MODELS

from ..guidance import min_max_normalise, pick_class_maps
from ..requests import refuse_soft_targets
from .cam_head import CAMHead


def erase(features: Tensor, class_map: Tensor, threshold: float) -> Tensor:
    """Zero features where a normalised class map is high.

    Args:
        features (Tensor): Shape ``(N, D, h, w)``.
        class_map (Tensor): Shape ``(N, h, w)``, any range. No gradient
            passes through it.
        threshold (float): Features are erased where the map, min-max
            normalised per image, is at least this high.

    Returns:
        Tensor: Shape ``(N, D, h, w)``.
    """
    high = min_max_normalise(class_map.detach()) >= threshold
    return features.masked_fill(high.unsqueeze(1), 0)


def _branch(in_channels: int, channels: Sequence[int]) -> nn.Sequential:
    layers = []
    for out in channels:
        layers += [nn.Conv2d(in_channels, out, 3, padding=1), nn.ReLU()]
        in_channels = out
    return nn.Sequential(*layers)


@MODELS.register_module()
class ACoLHead(CAMHead):
    """Adversarial complementary learning (Zhang et al., CVPR 2018).

    Classifier A learns the class. Features are erased where its map of the
    ground-truth class is high, and classifier B learns the class from what is
    left. At test the map is the larger of both normalised maps, and A gives
    the class. For each requested class features are erased as if it were the
    ground truth.

    Args:
        num_classes (int): Number of classes C.
        in_channels (int): Channels of the backbone's last map.
        channels (Sequence[int]): Channels of the 3x3 convolutions of each
            classifier. Defaults to (1024, 1024).
        threshold (float): Features are erased where A's normalised map is at
            least this high. Defaults to 0.6, the authors' value; the
            benchmark has 0.7.
        **kwargs: Settings of :class:`CAMHead`.

    Raises:
        ValueError: ``threshold`` is not in (0, 1].
    """

    score_map_sources = ('attention',)

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        channels: Sequence[int] = (1024, 1024),
        threshold: float = 0.6,
        **kwargs,
    ):
        super().__init__(num_classes, channels[-1], **kwargs)
        if not 0 < threshold <= 1:
            raise ValueError(
                'model.head.threshold must be above 0 and at most 1, but is '
                f'{threshold}.'
            )
        self.threshold = threshold
        self.branch_a = _branch(in_channels, channels)
        self.branch_b = _branch(in_channels, channels)
        self.classifier_b = nn.Conv2d(channels[-1], num_classes, 1)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Give the class scores of A, ``(N, C)``."""
        return self.scores(self.branch_a(self.pre_logits(feats)))

    def loss(
        self, feats: Sequence[Tensor], data_samples: list[DataSample], **kwargs
    ) -> dict[str, Tensor]:
        """Compute the cross entropy of both classifiers.

        Args:
            feats (Sequence[Tensor]): Feature maps; the last is used.
            data_samples (list[DataSample]): Samples with ``gt_label``.
            **kwargs: Arguments of the loss.

        Returns:
            dict[str, Tensor]: ``loss_cls`` of A, ``loss_cls_b``, and A's
            accuracy if ``cal_acc`` is set.

        Raises:
            ValueError: The targets are ``gt_score`` (mixup, CutMix).
        """
        refuse_soft_targets(data_samples, 'ACoLHead')
        labels = torch.cat([sample.gt_label for sample in data_samples])
        features = self.pre_logits(feats)
        tail = self.branch_a(features)
        losses = self._get_loss(self.scores(tail), data_samples, **kwargs)
        map_a = self._map(tail, self.classifier, labels.to(tail.device))
        tail_b = self.branch_b(erase(features, map_a, self.threshold))
        score_b = self.classifier_b(tail_b).mean(dim=(2, 3))
        found = self._get_loss(score_b, data_samples, **kwargs)
        losses['loss_cls_b'] = found['loss_cls']
        return losses

    def class_maps(self, feats: Sequence[Tensor], labels: Tensor) -> Tensor:
        """Give the larger of A's and B's normalised maps.

        Args:
            feats (Sequence[Tensor]): Feature maps; the last is used.
            labels (Tensor): Shape ``(N, K)``, int64.

        Returns:
            Tensor: Shape ``(N, K, h, w)``, in [0, 1].
        """
        features = self.pre_logits(feats)
        tail = self.branch_a(features)
        maps = []
        for label in labels.unbind(1):
            map_a = self._map(tail, self.classifier, label)
            tail_b = self.branch_b(erase(features, map_a, self.threshold))
            map_b = self._map(tail_b, self.classifier_b, label)
            maps.append(
                torch.maximum(
                    min_max_normalise(map_a), min_max_normalise(map_b)
                )
            )
        return torch.stack(maps, 1)

    @staticmethod
    def _map(tail: Tensor, classifier: nn.Conv2d, labels: Tensor) -> Tensor:
        """Give a classifier's map of one class per image, ``(N, h, w)``."""
        return pick_class_maps(
            tail, classifier.weight, classifier.bias, labels[:, None]
        )[:, 0].float()
