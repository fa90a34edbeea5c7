"""SPG's head: the classifier and the three guidance losses."""

from collections.abc import Sequence

import torch
from mmengine.logging import MessageHub
from mmpretrain.structures import DataSample
from torch import Tensor

from mmspg.registry import MODELS

from ..guidance import (
    attention_map,
    geometric_mean,
    guidance_mask,
    guided_bce,
    mask_shares,
    ramp,
    upsample,
)
from ..necks import SPGFeatures
from ..requests import refuse_soft_targets
from ..several_labels import present_labels
from .cam_head import CAMHead


def _is_pair(value) -> bool:
    return isinstance(value, Sequence) and len(value) == 2


@MODELS.register_module()
class SPGHead(CAMHead):
    """Classification, and self-produced guidance in stages (section 3.2).

    The attention map of the ground-truth class gives M_A, which supervises
    B2. B2's map gives M_B2, which supervises B1. The mean of B1's and B2's
    maps gives M_fuse, which supervises C. Each mask is Eq. (1) with its own
    thresholds and carries no gradient. If an image has several classes
    (``multi_label``), M_A is made from the highest of their normalised
    attention maps. If it has none, all of it is background.

    Args:
        thresholds_a (tuple[float, float]): ``(delta_h, delta_l)`` of M_A.
            Defaults to (0.7, 0.1), as in the paper.
        thresholds_b2 (tuple[float, float]): The same of M_B2. Defaults to
            (0.5, 0.05), as in the paper.
        thresholds_fuse (tuple[float, float]): The same of M_fuse. Defaults
            to (0.7, 0.1), as in the authors' release; the paper has none.
        guidance_size (int, optional): Side at which masks are made and
            losses computed. None: the side of the input. Defaults to 224, as
            in both released codes.
        align_corners (bool): How maps are upsampled to ``guidance_size``.
            Defaults to False; the authors' release has True.
        min_foreground (int): See :func:`guidance_mask`. Defaults to 0, as in
            the paper; both released codes have 30.
        cascade (bool): M_B2 supervises B1. If False, M_A does, an ablation
            of section 4.3. Defaults to True.
        guidance_weights (dict, optional): Weights of ``loss_b2``,
            ``loss_b1`` and ``loss_c``. The default of each is 1.
        sync_guidance (bool): Average the guidance losses over the labelled
            pixels of all processes. Defaults to False.
        balanced_guidance (bool): Give foreground and background the same
            weight in the guidance losses. Defaults to False, the paper.
        guidance_ramp (tuple[float, float], optional): The weight of the
            guidance losses grows from 0 to 1 between these shares of the
            training's iterations, ``0 <= start < end <= 1``, since the seeds
            of an untrained classifier are noise. Defaults to None, the full
            weight from the first iteration on, as in the paper.
        score_map_source (str): The map that localizes at prediction:
            'attention' (the paper), 'features', 'b1', 'b2', 'c' (the
            authors' demo), 'fuse' (the mean of B1 and B2), and the others of
            :class:`CAMHead`. 'attention_fuse' is 'attention*fuse'. Only what
            it needs is computed.
        nothing (int, optional): The class of images without an object. All
            of such an image is background for the guidance. None: the class
            ``_nothing`` of the data set, if it has one.
        **kwargs: Settings of :class:`CAMHead`.

    Raises:
        ValueError: Thresholds are not in 0 < delta_l < delta_h < 1,
            another number is out of range, or ``score_map_source`` or a
            weight is unknown.
    """

    score_map_sources = (
        *CAMHead.score_map_sources,
        *('b1', 'b2', 'c', 'fuse', 'attention_fuse'),
    )

    def __init__(
        self,
        *args,
        thresholds_a: tuple[float, float] = (0.7, 0.1),
        thresholds_b2: tuple[float, float] = (0.5, 0.05),
        thresholds_fuse: tuple[float, float] = (0.7, 0.1),
        guidance_size: int | None = 224,
        align_corners: bool = False,
        min_foreground: int = 0,
        cascade: bool = True,
        guidance_weights: dict[str, float] | None = None,
        sync_guidance: bool = False,
        balanced_guidance: bool = False,
        guidance_ramp: tuple[float, float] | None = None,
        nothing: int | None = None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.thresholds = dict(
            a=thresholds_a, b2=thresholds_b2, fuse=thresholds_fuse
        )
        for name, pair in self.thresholds.items():
            if not _is_pair(pair) or not 0 < pair[1] < pair[0] < 1:
                raise ValueError(
                    f'model.head.thresholds_{name} must be (delta_h, delta_l)'
                    f' with 0 < delta_l < delta_h < 1, but is {pair}.'
                )
        pair = (0, 1) if guidance_ramp is None else guidance_ramp
        if not _is_pair(pair) or not 0 <= pair[0] < pair[1] <= 1:
            raise ValueError(
                'model.head.guidance_ramp must be (start, end), shares of the '
                f'training with 0 <= start < end <= 1, but is {guidance_ramp}.'
            )
        weights = guidance_weights or {}
        self.guidance_weights = dict(loss_b2=1.0, loss_b1=1.0, loss_c=1.0)
        unknown = set(weights) - set(self.guidance_weights)
        if unknown:
            raise ValueError(
                f'model.head.guidance_weights has {sorted(unknown)}; valid '
                f'names are {list(self.guidance_weights)}.'
            )
        self.guidance_weights.update(weights)
        numbers = dict(
            guidance_weights=min(self.guidance_weights.values()),
            guidance_size=1 if guidance_size is None else guidance_size - 1,
            min_foreground=min_foreground,
        )
        for name, number in numbers.items():
            if number < 0:
                raise ValueError(f'model.head.{name} is negative or 0.')
        self.guidance_size = guidance_size
        self.align_corners = align_corners
        self.min_foreground = min_foreground
        self.cascade = cascade
        self.sync_guidance = sync_guidance
        self.balanced_guidance = balanced_guidance
        self.guidance_ramp = guidance_ramp
        self.nothing = nothing

    def loss(
        self, feats: Sequence[Tensor], data_samples: list[DataSample]
    ) -> dict[str, Tensor]:
        """Compute the losses and the shares of the masks.

        Args:
            feats (SPGFeatures): Output of :class:`SPGNeck`.
            data_samples (list[DataSample]): Samples with ``gt_label``.

        Returns:
            dict[str, Tensor]: ``loss_cls``, ``loss_b2``, ``loss_b1``,
            ``loss_c``, and for each mask a, b2, fuse the shares
            ``mask_a_fg``, ``mask_a_bg``, ``mask_a_ignored``, ...

        Raises:
            ValueError: The targets are ``gt_score`` (mixup, CutMix).
        """
        refuse_soft_targets(data_samples, 'SPGHead')
        labels = present_labels(data_samples, self.nothing)
        labels = labels.to(feats[-1].device)
        losses = super().loss(feats, data_samples)
        stages = self.guide(feats, labels, self._size(data_samples))
        supervision = dict(
            b2='mask_a', b1='mask_b2' if self.cascade else 'mask_a'
        )
        if 'c' in stages:
            supervision['c'] = 'mask_fuse'
        setting_in = 1.0
        if self.guidance_ramp:
            setting_in = self._ramp(*self.guidance_ramp)
        for branch, mask in supervision.items():
            loss = guided_bce(
                stages[branch],
                stages[mask],
                sync=self.sync_guidance,
                balanced=self.balanced_guidance,
            )
            weight = self.guidance_weights[f'loss_{branch}'] * setting_in
            losses[f'loss_{branch}'] = loss * weight
        for name in ('mask_a', 'mask_b2', 'mask_fuse'):
            if name in supervision.values():
                for part, share in mask_shares(stages[name]).items():
                    losses[f'{name}_{part}'] = share
        return losses

    def guide(
        self,
        feats: Sequence[Tensor],
        labels: Tensor,
        size: int | tuple[int, int],
    ) -> dict[str, Tensor]:
        """Compute all stages of the guidance, the columns of Fig. 4.

        Args:
            feats (SPGFeatures): Output of :class:`SPGNeck`.
            labels (Tensor): The class whose attention guides, ``(N, )``, or
                classes, ``(N, K)``, filled up with -1.
            size (int | tuple[int, int]): Size of the guidance.

        Returns:
            dict[str, Tensor]: Each ``(N, H, W)``: ``attention`` in [0, 1];
            ``b2``, ``b1`` and, if there is one, ``c`` before the sigmoid;
            ``mask_a``, ``mask_b2`` and ``mask_fuse`` uint8 of 0, 1, 255.
        """
        if not isinstance(feats, SPGFeatures) or not feats.neck.with_b:
            raise TypeError(
                'SPGHead needs the side branches of SPGNeck. Set model.neck='
                "dict(type='mmspg.SPGNeck', with_b=True, ...), or use "
                'CAMHead (SPG-plain).'
            )
        # Branches and class map have the precision of the forward pass.
        maps = dict(b2=feats.b2(), b1=feats.b1())
        if feats.neck.with_c:
            maps['c'] = feats.c()
        labels = labels.view(len(labels), -1)
        present = labels >= 0
        with torch.no_grad():
            class_maps = self.class_maps(feats, labels.clamp(min=0))
        # Masks and losses are float32: half precision cannot tell the
        # thresholds from their neighbours, nor sum 50,000 pixels.
        with torch.autocast(class_maps.device.type, enabled=False):
            stages = {
                name: upsample(logits.float(), size, self.align_corners)
                for name, logits in maps.items()
            }
            attention = attention_map(
                class_maps.flatten(0, 1).float(),
                size,
                self.align_corners,
            ).unflatten(0, labels.shape)
            # The map of an absent class is 0, which is below every other.
            attention = attention * present[..., None, None]
            stages['attention'] = attention.amax(dim=1)
            with torch.no_grad():
                b2, b1 = stages['b2'].sigmoid(), stages['b1'].sigmoid()
            sources = dict(a=stages['attention'], b2=b2, fuse=(b1 + b2) / 2)
            for name, source in sources.items():
                if self.multi_label or self.nothing is not None:
                    source = source * present.any(1)[:, None, None]
                stages[f'mask_{name}'] = guidance_mask(
                    source, *self.thresholds[name], self.min_foreground
                )
        return stages

    def _maps_of(
        self, source: str, feats: Sequence[Tensor], labels: Tensor
    ) -> Tensor:
        """One map; those of the branches are probabilities of foreground."""
        if source == 'attention_fuse':
            attention, fuse = (
                super(SPGHead, self)._maps_of(one, feats, labels)
                for one in ('attention', 'fuse')
            )
            return geometric_mean(attention, fuse)
        return super()._maps_of(source, feats, labels)

    def agnostic_map(self, feats: Sequence[Tensor], source: str) -> Tensor:
        """Features, DDT, a branch or the mean of two, ``(N, h, w)``."""
        if source in ('features', 'ddt'):
            return super().agnostic_map(feats, source)
        names = dict(fuse=('b1', 'b2')).get(source, (source,))
        maps = [getattr(feats, name)().float().sigmoid() for name in names]
        # B1 and B2 differ in size if the backbone pools between them.
        maps = [upsample(m, maps[0].shape[-2:]) for m in maps]
        return sum(maps) / len(maps)

    @torch.compiler.disable  # otherwise each iteration compiles anew
    def _ramp(self, start: float, end: float) -> float:
        """Give the weight of the guidance at this iteration.

        The runner's own count is right after a resume, with accumulated
        gradients, and in all processes.
        """
        hub = MessageHub.get_current_instance()
        done, total = (hub.get_info(k, None) for k in ('iter', 'max_iters'))
        if done is None or total is None:
            raise RuntimeError(
                "model.head.guidance_ramp needs the iteration of MMEngine's "
                'Runner. In your own training loop call MessageHub.'
                "get_current_instance().update_info('iter', i) each time and "
                "update_info('max_iters', n) once, or set guidance_ramp=None."
            )
        return ramp(done / total, start, end)

    def _size(self, data_samples: list[DataSample]):
        """Give ``guidance_size``, or the size of the network's input."""
        if self.guidance_size is not None:
            return self.guidance_size
        if 'img_shape' not in data_samples[0]:
            raise KeyError(
                'model.head.guidance_size=None needs the `img_shape` of data '
                'samples. Keep it in PackLocInputs.meta_keys, or set a size.'
            )
        return tuple(data_samples[0].img_shape[:2])
