"""A trained classifier whose score maps come from an attribution."""

import math

import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from mmspg.registry import MODELS

from ..attributions import build_attribution
from ..requests import give_maps, requested_labels


@MODELS.register_module()
class AttributionClassifier(ImageClassifier):
    """Take score maps from an attribution: Grad-CAM, MWP or another.

    It trains like an ``ImageClassifier`` and has the same tensor names, so
    any checkpoint of an ``ImageClassifier`` works, whatever its head. At
    prediction it switches gradients on, which MMEngine's loops switch off.
    Like :class:`CAMHead` it writes ``score_map`` ``(K, h, w)`` and
    ``score_map_labels`` ``(K, )``, for the classes that the head chose or, if
    the head chooses none, for those of
    `mmspg.models.requests.requested_labels`.

    Args:
        attribution (dict): ``name``, one of ``ATTRIBUTIONS``, and options
            of that function, such as ``layer``.
        smooth (float): Blur the maps by a Gaussian whose sigma is this share
            of their longer side. Gradients are grainy: without a blur the
            largest component has a few pixels. Defaults to 0, no blur.
        score_map_topk (int): Number of predicted classes that get maps, for
            heads without class maps. Defaults to 5.
        **kwargs: Settings of :class:`mmpretrain.models.ImageClassifier`.

    Raises:
        ValueError: The attribution is unknown, or the layer does not exist.
            The message lists what there is.
    """

    def __init__(
        self,
        *args,
        attribution: dict,
        smooth: float = 0.0,
        score_map_topk: int = 5,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.attribution = build_attribution(self, attribution)
        self.attribution_options = dict(attribution)
        if smooth < 0:
            raise ValueError(
                f'model.smooth must be at least 0, but is {smooth}.'
            )
        self.smooth = smooth
        self.score_map_topk = score_map_topk

    def predict(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        **kwargs,
    ) -> list[DataSample]:
        """Predict classes, and attribute their scores to the image.

        Args:
            inputs (Tensor): Shape ``(N, 3, H, W)``, normalised.
            data_samples (list[DataSample], optional): Defaults to None.
            **kwargs: Arguments of the head's ``predict``.

        Returns:
            list[DataSample]: See the class.
        """
        samples = super().predict(inputs, data_samples, **kwargs)
        if 'score_map_labels' in samples[0]:  # the head's choice
            labels = torch.stack([s.score_map_labels for s in samples])
        else:
            scores = torch.stack([sample.pred_score for sample in samples])
            labels = requested_labels(scores, samples, self.score_map_topk)
        maps = self.attribute(inputs, labels.to(inputs.device))
        give_maps(samples, maps, labels)
        return samples

    def attribute(self, images: Tensor, labels: Tensor) -> Tensor:
        """Compute the maps of classes, ``(N, K, h, w)`` float32.

        Args:
            images (Tensor): Shape ``(N, 3, H, W)``, normalised.
            labels (Tensor): Shape ``(N, K)``, int64.
        """
        return self._smoothed(self.attribution(self, images, labels).float())

    def _smoothed(self, maps: Tensor) -> Tensor:
        sigma = self.smooth * max(maps.shape[-2:])
        if not sigma:
            return maps
        # Reach three sigmas, but no further than the map can be mirrored.
        reach = min(math.ceil(3 * sigma), min(maps.shape[-2:]) - 1)
        return gaussian_blur(maps, 2 * reach + 1, sigma)
