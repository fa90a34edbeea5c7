"""What else was tried against the collapse, and for unlike classes.

docs/evidence.md says what became of each. None is part of the package.
"""

import math
from copy import deepcopy

import torch
from mmengine.model import bias_init_with_prob
from torch import nn

from mmspg.models.guidance import (
    IGNORED,
    guidance_mask,
    pick_class_maps,
    upsample,
)
from mmspg.models.heads import SPGHead
from mmspg.models.necks import SPGNeck
from mmspg.registry import MODELS


@MODELS.register_module()
class PriorNeck(SPGNeck):
    """B and C begin at the expected share of foreground, not at one half."""

    def __init__(self, *args, foreground=0.3, **kwargs):
        super().__init__(*args, **kwargs)
        self.foreground = foreground

    def init_weights(self):
        """As ever, but for the last biases."""
        super().init_weights()
        for branch in (self.spg_b_shared, self.spg_c):
            value = bias_init_with_prob(self.foreground)
            nn.init.constant_(branch[-1].bias, value)


@MODELS.register_module()
class CutNeck(SPGNeck):
    """C's loss does not reach A3."""

    def c_map(self, tail):
        """C's map of a tail without gradient."""
        return super().c_map(tail.detach())


@MODELS.register_module()
class SeedsHead(SPGHead):
    """The seeds come from attention that is 1 from a quantile on.

    One extreme pixel then no longer decides what the others become. The
    other candidates build on it, so that each can be judged on both.
    """

    def __init__(self, *args, quantile=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.quantile = quantile

    def guide(self, feats, labels, size):
        """The stages, with M_A of the clipped attention."""
        stages = super().guide(feats, labels, size)
        attention = stages['attention']
        flat = attention.flatten(1)
        rank = math.ceil(self.quantile * flat.shape[1])
        high = flat.kthvalue(rank, dim=1).values[:, None, None]
        tiny = torch.finfo(high.dtype).tiny
        clipped = (attention / high.clamp(min=tiny)).clamp(max=1)
        stages['mask_a'] = guidance_mask(clipped, *self.thresholds['a'])
        return stages


@MODELS.register_module()
class TeacherHead(SeedsHead):
    """M_B2 and M_fuse come from a moving average of B's weights."""

    def __init__(self, *args, momentum=0.98, **kwargs):
        super().__init__(*args, **kwargs)
        self.momentum = momentum
        self.teacher = []  # a list hides it from the state dict

    @torch.no_grad()
    def follow(self, neck):
        """The teacher, one step further."""
        names = 'spg_b1', 'spg_b2', 'spg_b_shared'
        own = nn.ModuleList(getattr(neck, name) for name in names)
        if not self.teacher:
            self.teacher.append(deepcopy(own))
        pairs = zip(
            self.teacher[0].parameters(), own.parameters(), strict=True
        )
        for slow, fast in pairs:
            slow.lerp_(fast, 1 - self.momentum)
        return self.teacher[0]

    def guide(self, feats, labels, size):
        """The stages, with the masks of the teacher."""
        stages = super().guide(feats, labels, size)
        if not self.training:
            return stages
        b1, b2, shared = self.follow(feats.neck)
        with torch.no_grad():
            one, two = (
                upsample(shared(own(level))[:, 0].float(), size).sigmoid()
                for own, level in ((b1, feats[-3]), (b2, feats[-2]))
            )
        for name, source in (('b2', two), ('fuse', (one + two) / 2)):
            stages[f'mask_{name}'] = guidance_mask(
                source, *self.thresholds[name]
            )
        return stages


@MODELS.register_module()
class HardPixelHead(SeedsHead):
    """B learns from pixels that it does not yet know: all else is ignored."""

    def __init__(self, *args, known=0.9, **kwargs):
        super().__init__(*args, **kwargs)
        self.known = math.log(known / (1 - known))

    def guide(self, feats, labels, size):
        """The stages, with masks of the hard pixels alone."""
        stages = super().guide(feats, labels, size)
        if self.training:
            for branch, name in (('b2', 'mask_a'), ('b1', 'mask_b2')):
                mask, logits = stages[name], stages[branch]
                easy = torch.where(mask == 1, logits, -logits) > self.known
                stages[name] = mask.masked_fill(easy, IGNORED)
        return stages


@MODELS.register_module()
class PositiveSeedsHead(SeedsHead):
    """The seeds come from the classifier's positive weights alone."""

    def class_maps(self, feats, labels):
        """In training those of the positive weights."""
        if not self.training:
            return super().class_maps(feats, labels)
        weight = self.classifier.weight.clamp(min=0)
        return pick_class_maps(self.pre_logits(feats), weight, None, labels)


@MODELS.register_module()
class PerClassNeck(SPGNeck):
    """B and C have a map for each class; the head says whose is asked for."""

    def __init__(self, *args, num_classes, **kwargs):
        super().__init__(*args, **kwargs)
        for branch in (self.spg_b_shared, self.spg_c):
            width = branch[-1].in_channels
            branch[-1] = nn.Conv2d(width, num_classes, 1)
        self.asked = None

    def side_map(self, branch, features):
        """The asked-for classes' maps of a side branch."""
        return self.pick(super().side_map(branch, features))

    def c_map(self, tail):
        """The asked-for classes' maps of C."""
        return self.pick(super().c_map(tail))

    def pick(self, maps):
        """A map for each image."""
        return maps[torch.arange(len(maps), device=maps.device), self.asked]


@MODELS.register_module()
class PerClassHead(SeedsHead):
    """Asks `PerClassNeck` for the maps of a class."""

    def guide(self, feats, labels, size):
        """The stages of these classes."""
        feats.neck.asked = labels.view(len(labels), -1)[:, 0]
        return super().guide(feats, labels, size)

    def score_maps(self, feats, labels):
        """Maps of every asked-for class, ``(N, K, h, w)``."""
        found = []
        for one in labels.unbind(1):
            feats.neck.asked = one
            found.append(super().score_maps(feats, one[:, None]))
        return torch.cat(found, dim=1)
