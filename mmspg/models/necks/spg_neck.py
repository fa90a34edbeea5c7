"""The branches of SPG: A3, B1, B2 and C."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmspg.registry import MODELS

from ..checkpointing import maybe_checkpoint


def _conv_relu(in_channels: int, out_channels: int) -> list:
    return [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]


class SPGFeatures(tuple):
    """What SPGNeck returns: ``(b1_features, b2_features, tail)``.

    mmpretrain's heads expect a tuple, and the classifier sees its last item.
    The maps of the side branches are computed when somebody asks for them:
    training asks for all of them, prediction for none.
    """

    neck: Any  # SPGNeck, or None

    def __new__(
        cls, features: Sequence[Tensor], neck: 'SPGNeck | None' = None
    ):
        """Keep the neck, which knows the side branches.

        Without it these are the features alone: a part of a batch as
        mmpretrain's ``FeatureExtractor`` gives it, or what was pickled.
        """
        self = super().__new__(cls, features)
        self.neck = neck
        return self

    def __reduce__(self):
        """Leave the network out of a pickle."""
        return type(self), (tuple(self),)

    @property
    def tail(self) -> Tensor:
        """Give A3's output after the last dropout, ``(N, D, h, w)``."""
        return self[-1]

    def b1(self) -> Tensor:
        """Compute B1's map before the sigmoid, ``(N, h, w)``."""
        return self._with_neck().side_map('b1', self[-3])

    def b2(self) -> Tensor:
        """Compute B2's map before the sigmoid, ``(N, h, w)``."""
        return self._with_neck().side_map('b2', self[-2])

    def c(self) -> Tensor:
        """Compute C's map before the sigmoid, ``(N, h, w)``."""
        return self._with_neck().c_map(self.tail)

    def _with_neck(self) -> 'SPGNeck':
        if self.neck is None:
            raise ValueError(
                'these features have lost their network, which the maps of '
                'the branches B and C need: call model.extract_feat'
            )
        return self.neck


@MODELS.register_module()
class SPGNeck(BaseModule):
    """A3, SPG-B and SPG-C, for any backbone with three feature maps.

    .. code::

        b1_features -> b1 --+-> b_shared -> B1 logits
        b2_features -> b2 --+-> b_shared -> B2 logits
        features -> a3 (dropout, conv, ... , dropout) = tail -> classifier
                                                        tail -> c -> C logits

    Without B and C it is the tail of SPG-plain.

    Args:
        in_channels (Sequence[int]): Channels of the features for B1, for B2
            and for A3, in the backbone's order. A plain tail uses only the
            last.
        a3_channels (Sequence[int]): Output channels of A3's 3x3
            convolutions. Empty for a backbone that has A3 itself (the
            benchmark's ResNet-50). Defaults to (1024, 1024), section 3.3.
        b_channels (int): Channels of the B branches. Defaults to 512,
            section 3.3.
        c_channels (Sequence[int]): Output channels of C's 3x3 convolutions.
            Defaults to (512, 512), section 3.3. Section 3.1, the authors'
            release and the benchmark have only one.
        dropout (float): Dropout before each convolution of A3 and after the
            last, in training only. Defaults to 0.5, the value in the
            benchmark and in the authors' release. The paper does not say.
        with_b (bool): Build SPG-B. Defaults to True.
        with_c (bool): Build SPG-C. False is an ablation of section 4.3.
            Defaults to True.
        share_b (bool): Let B1 and B2 share their second and third layers.
            False is an ablation of section 4.3. Defaults to True.
        with_cp (bool): Keep only the inputs of A3's convolutions and of the
            branches for the backward pass, which computes the rest again:
            see :func:`~mmspg.models.checkpointing.maybe_checkpoint`.
            Defaults to False.
        init_cfg (dict, optional): Defaults to Xavier-uniform weights and
            zero biases, as in both released codes.

    Raises:
        ValueError: There is B but not three inputs, or there is C but not B,
            whose maps are C's only supervision.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (288, 768, 768),
        a3_channels: Sequence[int] = (1024, 1024),
        b_channels: int = 512,
        c_channels: Sequence[int] = (512, 512),
        dropout: float = 0.5,
        with_b: bool = True,
        with_c: bool = True,
        share_b: bool = True,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ):
        super().__init__(
            init_cfg
            or dict(type='Xavier', layer='Conv2d', distribution='uniform')
        )
        if with_b and len(in_channels) < 3:
            raise ValueError(
                'SPGNeck needs the channels of three feature maps, '
                '`in_channels=(B1, B2, A)`, to build SPG-B, but got '
                f'{tuple(in_channels)}. Let the backbone return three, or '
                'set `with_b=False, with_c=False` (SPG-plain).'
            )
        if with_c and not with_b:
            raise ValueError(
                'SPGNeck has `with_c=True` and `with_b=False`: SPG-C is '
                'supervised by the maps of SPG-B. Set `with_c=False` too.'
            )
        self.with_b, self.with_c, self.share_b = with_b, with_c, share_b
        self.with_cp = with_cp

        layers, width = OrderedDict(), in_channels[-1]
        for i, out in enumerate(a3_channels, 1):
            layers[f'drop{i}'] = nn.Dropout(dropout)
            layers[f'conv{i}'], layers[f'relu{i}'] = _conv_relu(width, out)
            width = out
        layers['drop'] = nn.Dropout(dropout)
        self.a3 = nn.Sequential(layers)
        self.out_channels = width

        if with_b:
            self.spg_b1 = nn.Sequential(
                *_conv_relu(in_channels[-3], b_channels)
            )
            self.spg_b2 = nn.Sequential(
                *_conv_relu(in_channels[-2], b_channels)
            )
            for name in (
                ('spg_b_shared',) if share_b else ('spg_b1_own', 'spg_b2_own')
            ):
                self.add_module(
                    name,
                    nn.Sequential(
                        *_conv_relu(b_channels, b_channels),
                        nn.Conv2d(b_channels, 1, 1),
                    ),
                )
        if with_c:
            branch: list[nn.Module] = []
            for out in c_channels:
                branch += _conv_relu(width, out)
                width = out
            self.spg_c = nn.Sequential(*branch, nn.Conv2d(width, 1, 1))

    def side_map(self, branch: str, features: Tensor) -> Tensor:
        """Compute the map of ``'b1'`` or ``'b2'`` before the sigmoid.

        Args:
            branch (str): 'b1' or 'b2'.
            features (Tensor): Shape ``(N, D, h, w)``.

        Returns:
            Tensor: Shape ``(N, h, w)``.
        """
        rest = (
            self.spg_b_shared
            if self.share_b
            else getattr(self, f'spg_{branch}_own')
        )
        layers = nn.Sequential(getattr(self, f'spg_{branch}'), rest)
        return maybe_checkpoint(layers, features, self.with_cp).squeeze(1)

    def c_map(self, tail: Tensor) -> Tensor:
        """Compute the map of C before the sigmoid.

        Args:
            tail (Tensor): A3's output, ``(N, D, h, w)``.

        Returns:
            Tensor: Shape ``(N, h, w)``.
        """
        if not self.with_c:
            raise ValueError(
                'the map of C was asked for, and model.neck.with_c is False. '
                'Take another map: --cfg-options '
                'model.head.score_map_source=fuse'
            )
        return maybe_checkpoint(self.spg_c, tail, self.with_cp).squeeze(1)

    def forward(self, features: Sequence[Tensor]) -> SPGFeatures:
        """Compute the tail; leave the side branches for later.

        Args:
            features (Sequence[Tensor]): The backbone's maps, each
                ``(N, D_i, h, w)``; the last goes to A3.

        Returns:
            SPGFeatures: The backbone's maps without the last, then the tail.
        """
        tail = maybe_checkpoint(self.a3, features[-1], self.with_cp)
        return SPGFeatures((*features[:-1], tail), self)
