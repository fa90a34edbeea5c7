"""Predict one box by regression, learnt from pseudo-boxes."""

from collections.abc import Sequence

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn
from torchvision.ops import box_convert, generalized_box_iou_loss

from mmspg.registry import MODELS

from ..requests import refuse_soft_targets
from .cam_head import CAMHead

SMALLEST = 2.0  # least side in pixels; a crop leaves thinner rims of objects


@MODELS.register_module()
class PSOLHead(CAMHead):
    """A classifier that also predicts one box for any class (PSOL).

    Pseudo supervised object localization (Zhang et al., CVPR 2020) divides
    the task: a network trained on labels makes boxes, and a regressor learns
    from them to predict a box directly, with no map and no threshold. Here
    both share a trunk. The authors regress from the mean of the features,
    which has little information about positions. Here the positions of some
    learnt points are added (spatial softmax, Finn et al., ICRA 2016). The
    loss is the L1 distance of the corners plus 1 - GIoU, instead of the
    authors' squared error.

    Args:
        num_points (int): The number of learnt points. Defaults to 32.
        hidden (int): The number of units between features and box. Defaults
            to 256.
        box_weight (float): The weight of ``loss_box``. Defaults to 5.
        **kwargs: Arguments of :class:`CAMHead`.
    """

    def __init__(
        self,
        *args,
        num_points: int = 32,
        hidden: int = 256,
        box_weight: float = 5.0,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.box_weight = box_weight
        self.points = nn.Conv2d(self.in_channels, num_points, 1)
        self.regressor = nn.Sequential(
            nn.Linear(self.in_channels + 2 * num_points, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 4),
        )

    def boxes(self, feats: Sequence[Tensor]) -> Tensor:
        """Predict the box of each image.

        Args:
            feats (Sequence[Tensor]): Feature maps; the last is used.

        Returns:
            Tensor: Shape ``(N, 4)``, x0 y0 x1 y1 in shares of the network's
            input, mostly in [0, 1].
        """
        features = self.pre_logits(feats)
        heat = self.points(features)
        height, width = heat.shape[-2:]
        heat = heat.flatten(2).softmax(dim=2).view_as(heat)
        x = (torch.arange(width, device=heat.device) + 0.5) / width
        y = (torch.arange(height, device=heat.device) + 0.5) / height
        places = (heat.sum(2) * x).sum(2), (heat.sum(3) * y).sum(2)
        inputs = torch.cat([features.mean(dim=(2, 3)), *places], dim=1)
        centred = self.regressor(inputs).sigmoid()
        return box_convert(centred, 'cxcywh', 'xyxy')

    def loss(
        self, feats: Sequence[Tensor], data_samples: list[DataSample]
    ) -> dict[str, Tensor]:
        """Compute cross entropy and the distance from the largest box.

        Args:
            feats (Sequence[Tensor]): Feature maps; the last is used.
            data_samples (list[DataSample]): Samples with ``gt_label`` and,
                if the image has a box, ``gt_bboxes`` ``(n, 4)`` and
                ``img_shape``.

        Returns:
            dict[str, Tensor]: ``loss_cls`` and ``loss_box``, which is 0 if
            no image has a box.
        """
        refuse_soft_targets(data_samples, 'PSOLHead')
        losses = super().loss(feats, data_samples)
        boxes = self.boxes(feats).float()
        target, there = largest_boxes(data_samples)
        target, there = target.to(boxes), there.to(boxes.device)
        distance = (boxes - target).abs().sum(1)
        distance = distance + generalized_box_iou_loss(boxes, target)
        total = (distance * there).sum() / there.sum().clamp(min=1)
        losses['loss_box'] = self.box_weight * total
        return losses

    def predict(
        self,
        feats: Sequence[Tensor],
        data_samples: list[DataSample | None] | None = None,
        labels: Tensor | Sequence[int] | int | None = None,
    ) -> list[DataSample]:
        """Predict like :class:`CAMHead`, and add ``pred_box`` ``(4,)``.

        See `boxes`. `mmspg.evaluation.locate` uses it instead of the box of
        the map.
        """
        samples = super().predict(feats, data_samples, labels)
        for sample, box in zip(samples, self.boxes(feats), strict=True):
            sample.set_field(box.float(), 'pred_box', dtype=Tensor)
        return samples


def largest_boxes(samples: Sequence[DataSample]) -> tuple[Tensor, Tensor]:
    """Give the largest box of each image that is left after cropping.

    Args:
        samples (Sequence[DataSample]): See :meth:`PSOLHead.loss`.

    Returns:
        tuple[Tensor]: The boxes ``(N, 4)`` in shares of the input, and
        ``(N,)`` float, which is 1 for images with a box and 0 for others. The
        box of the others is the whole input.
    """
    target = torch.tensor([[0.0, 0.0, 1.0, 1.0]] * len(samples))
    there = torch.zeros(len(samples))
    for i, sample in enumerate(samples):
        boxes = sample.get('gt_bboxes')
        if boxes is None or not len(boxes):
            continue
        sides = boxes[:, 2:] - boxes[:, :2]
        largest = sides.prod(dim=1).argmax()
        if sides[largest].min() < SMALLEST:
            continue
        height, width = sample.img_shape[:2]
        size = boxes.new_tensor([width, height, width, height])
        target[i], there[i] = boxes[largest] / size, 1
    return target, there
