"""A trained classifier whose score maps come from an attribution."""

import math
from functools import partial

import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from mmspg.registry import MODELS

from ..attributions import ATTRIBUTIONS
from ..attributions.steering import find_module
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
        options = dict(attribution)
        name = options.pop('name', None)
        if name not in ATTRIBUTIONS:
            raise ValueError(
                f'model.attribution.name is {name!r}; valid names are '
                f'{sorted(ATTRIBUTIONS)}.'
            )
        if 'layer' in options:
            find_module(self, options['layer'])
        self.attribution = partial(ATTRIBUTIONS[name], **options)
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
        maps = self.attribution(self, inputs, labels.to(inputs.device))
        maps = self._smoothed(maps.float())
        give_maps(samples, maps, labels)
        return samples

    def _smoothed(self, maps: Tensor) -> Tensor:
        sigma = self.smooth * max(maps.shape[-2:])
        if not sigma:
            return maps
        # Reach three sigmas, but no further than the map can be mirrored.
        reach = min(math.ceil(3 * sigma), min(maps.shape[-2:]) - 1)
        return gaussian_blur(maps, 2 * reach + 1, sigma)
