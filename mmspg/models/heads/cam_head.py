"""A classifier with class maps that localize: GAP over a 1x1 convolution."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpretrain.models.heads import ClsHead
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmspg.registry import MODELS

from ..ddt import project
from ..guidance import geometric_mean, pick_class_maps
from ..pooling import thresholded_average
from ..requests import give_maps, refuse_soft_targets, requested_labels
from ..several_labels import multi_hot, predict_several


@MODELS.register_module()
class CAMHead(ClsHead):
    """1x1 convolution to C class maps, global average pooling, softmax.

    The class score is the mean of the class map (section 3.1 and reference
    [20] of the paper), which equals CAM's pooled features times a linear
    layer. Both are linear. So the scores are computed from the pooled
    features, and class maps only for the requested classes.

    Args:
        num_classes (int): Number of classes C.
        in_channels (int): Channels D of the last feature map.
        score_map_topk (int): At prediction, give the maps of this many top
            classes. Defaults to 5.
        score_map_gt (bool): At prediction, add the map of the ground-truth
            class if it is known, for GT-known. Defaults to True.
        reset_classifier (bool): Load a checkpoint with another number of
            classes without its classifier, to fine-tune on other classes. If
            False, such a checkpoint is refused. Defaults to False.
        score_map_source (str): The map that localizes at prediction.
            'attention' is the class map (the paper). 'positive' is the map of
            the classifier's positive weights alone (negative weight clamping,
            Bae et al., ECCV 2020). 'features' is the mean of the channels,
            which knows no class (SCDA, Wei et al., TIP 2017, takes their
            sum). 'ddt' needs statistics in the checkpoint, see
            :mod:`mmspg.models.ddt`. 'positive*ddt', or any other two, is the
            geometric mean of both, each min-max normalised. Defaults to
            'attention'.
        tap_threshold (float, optional): Pool by :func:`thresholded_average`
            with this share; its authors use .1. Defaults to None, the mean.
        multi_label (bool): Learn each class on its own by binary cross
            entropy, from a ``gt_label`` of any length. A class is predicted
            if its score is at least .5, and the maps of all classes are
            given. Defaults to False.
        init_cfg (dict, optional): Defaults to Xavier-uniform.
        **kwargs: Settings of :class:`mmpretrain.models.ClsHead`: ``loss``,
            ``cal_acc``, ``topk``.

    Raises:
        ValueError: There are no classes, ``score_map_source`` is unknown or
            ``tap_threshold`` is out of range.
    """

    score_map_sources: tuple[str, ...] = ('attention', 'positive', 'features')
    has_ddt = False  # statistics for these weights

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        score_map_topk: int = 5,
        score_map_gt: bool = True,
        reset_classifier: bool = False,
        score_map_source: str = 'attention',
        tap_threshold: float | None = None,
        multi_label: bool = False,
        init_cfg: dict | None = None,
        **kwargs,
    ):
        if multi_label:
            kwargs.setdefault(
                'loss', dict(type='CrossEntropyLoss', use_sigmoid=True)
            )
            score_map_topk, score_map_gt = num_classes, False
            loss = kwargs['loss'] if isinstance(kwargs['loss'], dict) else {}
            plain = str(loss.get('type')).endswith('CrossEntropyLoss')
            if plain and not loss.get('use_sigmoid'):
                raise ValueError(
                    'model.head.multi_label=True needs a loss for each class '
                    'on its own: model.head.loss.use_sigmoid=True.'
                )
        super().__init__(
            init_cfg=init_cfg
            or dict(type='Xavier', layer='Conv2d', distribution='uniform'),
            **kwargs,
        )
        if num_classes < 1:
            raise ValueError(
                'model.head.num_classes must be at least 1, '
                f'but is {num_classes}.'
            )
        parts = str(score_map_source).split('*')
        valid = {*self.score_map_sources, 'ddt'}
        if len(parts) > 2 or not valid.issuperset(parts):
            raise ValueError(
                f"model.head.score_map_source is '{score_map_source}'; valid "
                f'values of {type(self).__name__} are '
                f'{(*self.score_map_sources, "ddt")}, and two of them joined '
                "by '*'."
            )
        if tap_threshold is not None and not 0 <= tap_threshold < 1:
            raise ValueError(
                'model.head.tap_threshold must be at least 0 and below 1, '
                f'but is {tap_threshold}.'
            )
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.score_map_topk = min(score_map_topk, num_classes)
        self.score_map_gt = score_map_gt
        self.reset_classifier = reset_classifier
        self.score_map_source = score_map_source
        self.tap_threshold = tap_threshold
        self.multi_label = multi_label
        self.classifier = nn.Conv2d(in_channels, num_classes, 1)
        self._register_load_state_dict_pre_hook(self._check_num_classes)
        self._register_load_state_dict_pre_hook(self._take_ddt)

    def _check_num_classes(self, state_dict: dict, prefix: str, *args):
        """Refuse a checkpoint of other classes, or drop its classifier.

        MMEngine would log the mismatch and go on with random weights.
        """
        found = state_dict.get(prefix + 'classifier.weight')
        if found is None or len(found) == self.num_classes:
            return
        if not self.reset_classifier:
            raise ValueError(
                f'The checkpoint has {len(found)} classes '
                f'({prefix}classifier.weight), but model.head.num_classes is '
                f'{self.num_classes}. Set model.head.num_classes='
                f'{len(found)}, or model.head.reset_classifier=True to '
                'fine-tune on other classes with a new classifier.'
            )
        for name in ('weight', 'bias'):
            state_dict.pop(f'{prefix}classifier.{name}')

    def set_ddt(self, statistics: Tensor) -> None:
        """Keep the statistics of DDT, ``(2, D)``, with the weights.

        A training forgets them, since it changes the weights.
        """
        statistics = statistics.to(self.classifier.weight.device)
        self.register_buffer('ddt', statistics)
        self.has_ddt = True

    def _take_ddt(self, state_dict: dict, prefix: str, *args):
        """Make room for the statistics that a checkpoint brings."""
        if (found := state_dict.get(prefix + 'ddt')) is not None:
            self.set_ddt(torch.empty_like(found))
            self.has_ddt = bool(found.any())

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Compute the class scores before the softmax, ``(N, C)``.

        The last feature map is used, of shape ``(N, D, h, w)``.
        """
        return self.scores(self.pre_logits(feats))

    def pre_logits(self, feats: Tensor | Sequence[Tensor]) -> Tensor:
        """Check and give the map that the classifier sees.

        Raises:
            ValueError: The map is not spatial.
        """
        features = feats if isinstance(feats, Tensor) else feats[-1]
        if features.ndim != 4:
            raise ValueError(
                f'{type(self).__name__} needs a feature map of shape '
                f'(N, {self.in_channels}, h, w), but the backbone gives '
                f'{tuple(features.shape)}. Remove a pooling neck; of a '
                "vision transformer take the patch tokens: out_type='featmap'"
                '.'
            )
        return features

    def scores(self, features: Tensor) -> Tensor:
        """Compute class scores ``(N, C)`` from features ``(N, D, h, w)``."""
        if self.tap_threshold is None:
            pooled = features.mean(dim=(2, 3))
        else:
            pooled = thresholded_average(features, self.tap_threshold)
        weight = self.classifier.weight.flatten(1)
        return F.linear(pooled, weight, self.classifier.bias)

    def class_maps(self, feats: Sequence[Tensor], labels: Tensor) -> Tensor:
        """Compute the class maps of ``labels``, ``(N, K)`` int64.

        Returns:
            Tensor: Shape ``(N, K, h, w)``, before any normalisation.
        """
        return pick_class_maps(
            self.pre_logits(feats),
            self.classifier.weight,
            self.classifier.bias,
            labels,
        )

    def _get_loss(self, cls_score, data_samples, **kwargs) -> dict:
        if self.has_ddt and self.training:
            # Not deleted, since a copy that averages the weights has them.
            self.ddt.zero_()
            self.has_ddt = False
        if self.multi_label:
            refuse_soft_targets(data_samples, 'A head with multi_label=True')
            target = multi_hot(data_samples, self.num_classes, cls_score)
            kwargs['avg_factor'] = len(target)
            return dict(loss_cls=self.loss_module(cls_score, target, **kwargs))
        losses = super()._get_loss(cls_score, data_samples, **kwargs)
        losses['loss_cls'] = losses.pop('loss')
        return losses

    def _get_predictions(self, cls_score, data_samples) -> list[DataSample]:
        if self.multi_label:
            return predict_several(cls_score.sigmoid(), data_samples)
        return super()._get_predictions(cls_score, data_samples)

    def predict(
        self,
        feats: Sequence[Tensor],
        data_samples: list[DataSample | None] | None = None,
        labels: Tensor | Sequence[int] | int | None = None,
    ) -> list[DataSample]:
        """Compute class scores, and the score maps of the requested classes.

        `mmspg.models.requests.requested_labels` chooses these classes.

        Args:
            feats (Sequence[Tensor]): Output of the neck.
            data_samples (list[DataSample], optional): Defaults to None.
            labels (Tensor | Sequence[int] | int, optional): Classes for all
                images, ``(K, )``, or for each image, ``(N, K)``.

        Returns:
            list[DataSample]: Samples with ``pred_score`` ``(C, )``,
            ``pred_label`` ``(1, )``, ``score_map`` ``(K, h, w)`` at feature
            resolution, not normalised, and ``score_map_labels`` ``(K, )``;
            ``support_maps`` ``(K + 1, h, w)``, the class maps of these
            classes and the mean of the features, whatever localizes: where
            they agree, a box is surer.
        """
        cls_score = self(feats)
        samples = self._get_predictions(cls_score, data_samples)
        asked = requested_labels(
            cls_score,
            samples,
            self.score_map_topk,
            labels,
            with_truth=self.score_map_gt,
        )
        maps = self.score_maps(feats, asked)
        support = self._support_maps(feats, asked, maps)
        give_maps(samples, maps, asked)
        for sample, others in zip(samples, support, strict=True):
            sample.set_field(others, 'support_maps', dtype=Tensor)
        return samples

    def _support_maps(self, feats, labels, maps) -> Tensor:
        if self.score_map_source != 'attention':
            maps = self.class_maps(feats, labels).float()
        features = self.pre_logits(feats).float().mean(dim=1, keepdim=True)
        return torch.cat([maps, features], dim=1)

    def score_maps(self, feats: Sequence[Tensor], labels: Tensor) -> Tensor:
        """Compute the maps that localize ``labels``, ``(N, K, h, w)`` float32.

        A map that knows no class is the same for all K.
        """
        first, *rest = [
            self._maps_of(source, feats, labels)
            for source in self.score_map_source.split('*')
        ]
        for other in rest:
            first = geometric_mean(first, other)
        return first

    def _maps_of(
        self, source: str, feats: Sequence[Tensor], labels: Tensor
    ) -> Tensor:
        """One map, ``(N, K, h, w)``, float32."""
        if source == 'attention':
            return self.class_maps(feats, labels).float()
        if source == 'positive':
            weight = self.classifier.weight.clamp(min=0)
            features = self.pre_logits(feats)
            return pick_class_maps(features, weight, None, labels).float()
        score_map = self.agnostic_map(feats, source)
        return score_map.unsqueeze(1).expand(-1, labels.shape[1], -1, -1)

    def agnostic_map(self, feats: Sequence[Tensor], source: str) -> Tensor:
        """A map that knows no class, ``(N, h, w)``, float32.

        Raises:
            ValueError: 'ddt' is asked for, and there are no statistics.
        """
        features = self.pre_logits(feats).float()
        if source != 'ddt':
            return features.mean(dim=1)
        if not self.has_ddt:
            raise ValueError(
                f'model.head.score_map_source is {self.score_map_source!r}, '
                'and these weights have no statistics of DDT: a training '
                'does not keep those of the weights it began with. Make '
                'them: python tools/analysis_tools/choose_maps.py CHECKPOINT'
            )
        return project(features, self.ddt)
