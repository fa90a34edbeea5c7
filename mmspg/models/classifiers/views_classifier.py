"""Average the score maps of several views of an image."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import Tensor

from mmspg.registry import MODELS

from ..requests import give_maps


def mean_of_views(
    maps_of: Callable[[Tensor], Tensor],
    images: Tensor,
    flip: bool = False,
    scales: Sequence[float] = (1.0,),
    seen: dict[tuple[float, bool], Tensor] | None = None,
) -> Tensor:
    """Average the raw maps of an image, its mirror image and other sizes.

    Args:
        maps_of (Callable): Gives maps ``(N, K, h, w)`` for images
            ``(N, 3, H, W)``.
        images (Tensor): Shape ``(N, 3, H, W)``.
        flip (bool): Whether to add the mirror image of every size. Its maps
            are mirrored back. Defaults to False.
        scales (Sequence[float]): The sizes, as factors of the image's sides.
            By default it is only the image's own size.
        seen (dict, optional): Maps of views that are known, by scale and
            whether they are of the mirror image: ``{(1.0, False): maps}`` are
            those of the images themselves. Others are added to it.

    Returns:
        Tensor: Shape ``(N, K, h, w)``, the size of the maps of the largest
        scale.
    """
    seen = {} if seen is None else seen
    found = []
    for scale in sorted(scales, reverse=True):  # the largest gives the size
        for mirrored in (False, True) if flip else (False,):
            if (scale, mirrored) not in seen:
                view = images
                if scale != 1:
                    # In whole numbers, as sides are symbols in an exported
                    # graph.
                    sides = images.shape[2:]
                    size = [s * round(scale * 1000) // 1000 for s in sides]
                    view = F.interpolate(
                        images, size, mode='bilinear', antialias=scale < 1
                    )
                maps = maps_of(view.flip(-1) if mirrored else view)
                seen[scale, mirrored] = maps.flip(-1) if mirrored else maps
            found.append(seen[scale, mirrored])
    size = found[0].shape[-2:]
    found[1:] = [
        F.interpolate(maps, size, mode='bilinear') for maps in found[1:]
    ]
    return torch.stack(found).mean(0)


def checked_views(views: dict | None) -> dict:
    """Fill in and check the options of :func:`mean_of_views`.

    Raises:
        ValueError: An option is unknown, or a scale is invalid.
    """
    views = {'flip': False, 'scales': (1.0,), **(views or {})}
    scales = views['scales']
    if (
        set(views) != {'flip', 'scales'}
        or not isinstance(views['flip'], bool)
        or isinstance(scales, str)
        or not isinstance(scales, Sequence)
        or not scales
        or not all(isinstance(s, (int, float)) and s > 0 for s in scales)
    ):
        raise ValueError(
            'model.score_map_views must have the form dict(flip=True, '
            'scales=(1, 1.5)). Either key may be left out, and scales are '
            f'positive factors of the size of the input. It is {views}.'
        )
    return dict(flip=views['flip'], scales=tuple(map(float, scales)))


@MODELS.register_module()
class ViewsClassifier(ImageClassifier):
    """An ``ImageClassifier`` whose score maps are means of several views.

    The class scores are still those of the image itself. Each view takes one
    more pass of the network, and one of twice the size takes as long as four.

    Args:
        score_map_views (dict, optional): ``flip`` and ``scales`` of
            :func:`mean_of_views`. Defaults to None, the image alone.
        **kwargs: Arguments of :class:`mmpretrain.models.ImageClassifier`.

    Raises:
        ValueError: An option is unknown, or a scale is invalid.
    """

    def __init__(self, *args, score_map_views: dict | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.score_map_views = checked_views(score_map_views)

    def predict(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        **kwargs,
    ) -> list[DataSample]:
        """Predict, and average the maps.

        Args:
            inputs (Tensor): Shape ``(N, 3, H, W)``, normalised.
            data_samples (list[DataSample], optional): Defaults to None.
            **kwargs: For the head's ``predict``.

        Returns:
            list[DataSample]: See :class:`~mmspg.models.CAMHead`.
        """
        samples = super().predict(inputs, data_samples, **kwargs)
        if self.score_map_views != checked_views(None):
            labels = torch.stack([s.score_map_labels for s in samples])
            seen = torch.stack([s.score_map for s in samples])
            give_maps(samples, self.maps_of_views(inputs, labels, seen))
        return samples

    def maps_of_views(
        self, images: Tensor, labels: Tensor, seen: Tensor
    ) -> Tensor:
        """Average the maps of classes over the views: ``(N, K, h, w)``.

        Args:
            images (Tensor): Shape ``(N, 3, H, W)``, normalised.
            labels (Tensor): Shape ``(N, K)``, int64.
            seen (Tensor): The maps of the images themselves.
        """
        return mean_of_views(
            lambda view: self.head.score_maps(self.extract_feat(view), labels),
            images,
            **self.score_map_views,
            seen={(1.0, False): seen},
        )
