"""Several classifiers whose scores and maps are averaged."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.model import BaseModel, ModuleList
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmspg.registry import MODELS

from ..guidance import min_max_normalise
from ..requests import give_maps, requested_labels


@MODELS.register_module()
class EnsembleClassifier(BaseModel):
    """Average the softmaxes and the score maps of several classifiers.

    A member is any classifier that writes ``score_map``: one with a
    ``CAMHead``, ``SPGHead`` or ``ACoLHead``, or an attribution. The members
    train side by side on the same batches, each with its own loss. Or each is
    trained alone, and ``tools/model_converters/merge_checkpoints.py`` merges
    their checkpoints.

    Args:
        members (Sequence[dict]): Configs of the members. Settings that a
            member lacks come from ``common``.
        normalise (bool): Min-max normalise each member's map before the
            mean, for members whose maps have other ranges. Defaults to
            False.
        score_map_topk (int): At prediction, give the maps of this many top
            classes of the ensemble. Defaults to 5.
        data_preprocessor (dict, optional): Preprocessor of all members.
        **common: Parts that the members share: ``backbone``, ``neck``,
            ``head``.

    Raises:
        ValueError: There is no member.
    """

    def __init__(
        self,
        members: Sequence[dict],
        normalise: bool = False,
        score_map_topk: int = 5,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
        **common,
    ):
        if not isinstance(data_preprocessor, nn.Module):
            data_preprocessor = MODELS.build(
                {'type': 'ClsDataPreprocessor', **(data_preprocessor or {})}
            )
        super().__init__(data_preprocessor, init_cfg)
        if not members:
            raise ValueError(
                'model.members is empty; configs of classifiers were expected.'
            )
        self.members = ModuleList()
        for member in members:
            cfg = Config(dict(type='ImageClassifier', **common))
            cfg.merge_from_dict(dict(member))
            self.members.append(MODELS.build(cfg))
        if any(getattr(m.head, 'multi_label', False) for m in self.members):
            raise ValueError(
                'An ensemble averages softmax scores, which networks with '
                'several labels for an image (multi_label) do not have. Test '
                'its members alone.'
            )
        self.normalise = normalise
        self.score_map_topk = score_map_topk

    @property
    def head(self):
        """Give the first member's head; all have the same classes."""
        return self.members[0].head

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        mode: str = 'tensor',
    ):
        """See ``ImageClassifier``; the tensor is the log of the mean softmax.

        Raises:
            ValueError: ``mode`` is unknown.
        """
        if mode == 'tensor':
            return self.probabilities(inputs).log()
        if mode == 'loss':
            return {
                f'member{i}.{name}': value
                for i, member in enumerate(self.members)
                for name, value in member.loss(inputs, data_samples).items()
            }
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError(
            f"mode is {mode!r}; valid are 'tensor', 'loss' and 'predict'."
        )

    def probabilities(self, inputs: Tensor) -> Tensor:
        """Compute the mean softmax, ``(N, C)``."""
        return torch.stack(
            [member(inputs).softmax(1) for member in self.members]
        ).mean(0)

    def predict(
        self, inputs: Tensor, data_samples: list[DataSample] | None = None
    ) -> list[DataSample]:
        """Compute mean scores, and mean maps of the classes ranked first.

        Args:
            inputs (Tensor): Shape ``(N, 3, H, W)``, normalised.
            data_samples (list[DataSample], optional): Defaults to None.

        Returns:
            list[DataSample]: Samples with the fields of :class:`CAMHead`.
            The maps have the resolution of the finest member's maps.
        """
        scores = self.probabilities(inputs)
        samples = data_samples or [DataSample() for _ in scores]
        # The members add the ground truth, if their heads do.
        wanted = requested_labels(
            scores, samples, self.score_map_topk, with_truth=False
        )
        found = [
            member.predict(inputs, list(map(_ask, samples, wanted)))
            for member in self.members
        ]
        maps = self._mean(
            [torch.stack([s.score_map for s in own]) for own in found]
        )
        for sample, score in zip(samples, scores, strict=True):
            sample.set_pred_score(score)
            sample.set_pred_label(score.argmax(0, keepdim=True))
        give_maps(samples, maps, [one.score_map_labels for one in found[0]])
        return samples

    def _mean(self, maps: list[Tensor]) -> Tensor:
        """Average maps ``(N, K, h, w)`` of any size at the largest size."""
        size = max((m.shape[-2:] for m in maps), key=lambda s: s[0] * s[1])
        maps = [
            m
            if m.shape[-2:] == size
            else F.interpolate(m, size, mode='bilinear', align_corners=False)
            for m in maps
        ]
        if self.normalise:
            maps = [
                min_max_normalise(m.flatten(0, 1)).view_as(m) for m in maps
            ]
        return torch.stack(maps).mean(0)


def _ask(sample: DataSample, labels: Tensor) -> DataSample:
    """Make a sample that a member may write on."""
    asked = DataSample(metainfo=sample.metainfo)
    asked.set_field(labels, 'score_map_request', dtype=Tensor)
    if 'gt_label' in sample:
        asked.set_gt_label(sample.gt_label)
    return asked
