"""Give SPG its three maps from any backbone of timm or mmpretrain."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from inspect import signature

import torch
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn

from mmspg.registry import MODELS
from mmspg.utils.pip_weights import read_pip_weights

from ..attributions.steering import Replaced
from .frozen_backbone import FrozenBackbone

CheckpointLoader.register_scheme('pip://', read_pip_weights)

TIMM = 'timm/'
# With these, vision transformers and ConvNeXt of mmpretrain give maps.
MAPS = dict(out_type='featmap', gap_before_final_norm=False)


def choose_taps(strides: Sequence[int]) -> tuple[int, int, int]:
    """Choose which of a network's maps go to B1, B2 and A.

    A gets the last map. B2 gets the last map before it with a stride of 16 or
    less, and B1 the last map before that with a stride of 8 or less. If all
    maps have the same stride, the maps at half, three quarters and all of the
    depth are taken.

    Args:
        strides (Sequence[int]): The stride of each map, in the network's
            order.

    Returns:
        tuple[int, int, int]: Their indices.

    Raises:
        ValueError: There are fewer than three maps.

    Examples:
        >>> choose_taps([2, 4, 8, 16, 16])
        (2, 3, 4)
        >>> choose_taps([16] * 12)
        (5, 8, 11)
    """
    last = len(strides) - 1
    if last < 2:
        raise ValueError(
            'AnyTrunk needs three maps, for B1, B2 and A, but the trunk '
            f'gives {last + 1} (with strides {list(strides)}). Let it give '
            'more with `out_indices` or a similar argument in '
            '`model.backbone.trunk`.'
        )
    if len(set(strides)) == 1:
        return (last - 1) // 2, (3 * last - 1) // 4, last
    b2 = max((i for i in range(1, last) if strides[i] <= 16), default=last - 1)
    b1 = max((i for i in range(b2) if strides[i] <= 8), default=b2 - 1)
    return b1, b2, last


@MODELS.register_module()
class AnyTrunk(FrozenBackbone):
    """A CNN or a vision transformer that gives the maps for B1, B2 and A.

    :func:`choose_taps` chooses the maps. A dry run finds their strides and
    channels. The tokens of a transformer become maps.

    Args:
        trunk (dict | str): 'timm/NAME', or a config: ``type='timm/NAME'``
            with the arguments of ``timm.create_model``, or a backbone of
            mmpretrain. The config has the options of the network, such as
            ``output_stride=16`` (timm's CNNs) or ``strides`` (ResNet).
        taps (Sequence[int], optional): Indices of the trunk's maps for B1,
            B2 and A. Defaults to None: they are chosen.
        head_conv (bool): Take for the last map the one that timm's own
            classifier pools, behind the convolution that follows
            EfficientNet's last stage. Defaults to False, the last stage.
        frozen_stages (int): Freeze parameters and batch statistics up to the
            map of this index; -1 freezes nothing. This is for a trunk of
            timm; mmpretrain's trunks have their own option. Defaults to -1.
        norm_eval (bool): Keep the batch statistics of all BatchNorm layers
            as they are. Defaults to False.
        input_size (int): Side of the image of the dry run. Defaults to 224.
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=...)``
            with a file, an address, or 'pip://lite0' (see
            :mod:`mmspg.utils.pip_weights`). A config of mmpretrain may have
            its own, and one of timm ``pretrained=True``.

    Attributes:
        out_channels (tuple[int]): Channels of the maps for B1, B2 and A.
        out_strides (tuple[int]): Their strides in input pixels.

    Raises:
        ModuleNotFoundError: The trunk is timm's, and timm is not installed.
        ValueError: The trunk gives fewer than three maps, or it cannot be
            frozen like this.

    Examples:
        >>> trunk = AnyTrunk(dict(type='ResNet', depth=18))
        >>> trunk.out_channels, trunk.out_strides
        ((128, 256, 512), (8, 16, 32))
    """

    def __init__(
        self,
        trunk: dict | str,
        taps: Sequence[int] | None = None,
        head_conv: bool = False,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        input_size: int = 224,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg)
        cfg = dict(type=trunk) if isinstance(trunk, str) else dict(trunk)
        self.head_conv = head_conv
        self.norm_eval = norm_eval
        self.frozen_stages = frozen_stages
        if init_cfg:  # instead of what timm would fetch
            cfg.pop('pretrained', None)
        self.from_timm = str(cfg['type']).startswith(TIMM)
        self.taps: tuple[int, ...] = ()  # all maps, until they are chosen
        image = torch.zeros(1, 3, input_size, input_size)
        if self.from_timm:
            self._build_timm(cfg, taps, image)
        else:
            self._build_mmpretrain(cfg, taps, image)
        maps = self._dry_run(image)
        self.out_channels = tuple(m.shape[1] for m in maps)
        self.out_strides = tuple(_strides(image, maps))
        self._register_load_state_dict_pre_hook(self._find_names)
        self._freeze()

    def _build_timm(self, cfg: dict, taps, image: Tensor) -> None:
        if find_spec('timm') is None:
            raise ModuleNotFoundError(
                f'The trunk {cfg["type"]!r} is one of timm, which is not '
                'installed. Type: pip install timm'
            )
        import timm

        # Weights that timm has read must not be initialised again.
        self._is_init = bool(cfg.get('pretrained'))
        name = cfg.pop('type').removeprefix(TIMM)
        self.trunk = timm.create_model(name, num_classes=0, **cfg).eval()
        with torch.no_grad():
            last, maps = self.trunk.forward_intermediates(image)
        # Tokens, which the last norm layer makes comparable between layers.
        self.tokens = last.ndim == 3
        self.taps = tuple(taps or choose_taps(_strides(image, maps)))
        if not self.head_conv:
            # Layers that the maps do not need would have no gradient, and
            # DDP would wait for it.
            self.trunk.prune_intermediate_layers(
                list(self.taps), prune_norm=not self.tokens
            )

    def _build_mmpretrain(self, cfg: dict, taps, image: Tensor) -> None:
        if self.head_conv or self.frozen_stages >= 0:
            raise ValueError(
                'AnyTrunk: head_conv and frozen_stages are for trunks of '
                f'timm. Set the options of {cfg["type"]} in '
                'model.backbone.trunk.'
            )
        options = _options(MODELS.get(cfg['type']))
        for option, value in MAPS.items():
            if option in options:
                cfg.setdefault(option, value)
        self.trunk = _build(cfg)
        all_maps = cfg.get('out_indices')
        if 'out_indices' in options and all_maps is None:
            all_maps = list(range(max(self.trunk.out_indices) + 1))
            self.trunk = _build({**cfg, 'out_indices': all_maps})
        maps = self._dry_run(image)
        taps = tuple(taps or choose_taps(_strides(image, maps)))
        if all_maps is None:
            self.taps = taps
        else:
            chosen = [all_maps[i] for i in taps]
            self.trunk = _build({**cfg, 'out_indices': chosen})

    @torch.no_grad()
    def _dry_run(self, image: Tensor) -> tuple[Tensor, ...]:
        self.trunk.eval()
        maps = self(image)
        self.trunk.train()
        return maps

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps for B1, B2 and A.

        Args:
            x (Tensor): Images, ``(N, 3, H, W)``.

        Returns:
            tuple[Tensor]: Each ``(N, D_i, h_i, w_i)``.
        """
        if not self.from_timm:
            maps = self.trunk(x)
            return tuple(maps[i] for i in self.taps) if self.taps else maps
        last, maps = self.trunk.forward_intermediates(
            x, indices=list(self.taps), norm=self.tokens
        )
        return (*maps[:-1], last if self.head_conv else maps[-1])

    def _freeze(self) -> None:
        if self.frozen_stages < 0:
            return
        ends = [info['module'] for info in self.trunk.feature_info]
        if self.frozen_stages >= len(ends):
            raise ValueError(
                f'AnyTrunk: frozen_stages must be from -1 to {len(ends) - 1},'
                f' but is {self.frozen_stages}.'
            )
        end = ends[self.frozen_stages]
        for _, parameter in _up_to(end, self.trunk.named_parameters()):
            parameter.requires_grad_(False)
        for name, module in _up_to(end, self.trunk.named_modules()):
            if name and not end.startswith(name + '.'):
                module.eval()

    def _find_names(self, state_dict: dict, prefix: str, *args) -> None:
        """Accept the names of timm, mmpretrain and a whole classifier.

        MMEngine would log other names as unexpected and go on with random
        weights.
        """
        own = {
            f'{prefix}trunk.{name}': value
            for name, value in self.trunk.state_dict().items()
        }
        if any(name in state_dict for name in own):
            return
        wrapped = not prefix and any(
            name.startswith('backbone.') for name in state_dict
        )
        if wrapped:  # the classifier's head is not for a trunk
            for name in list(state_dict):
                if name.startswith('head.'):
                    del state_dict[name]
        start = 'backbone.' if wrapped else prefix
        found = {
            name: state_dict.pop(name)
            for name in list(state_dict)
            if name.startswith(start)
        }
        renamed = {
            prefix
            + 'trunk.'
            + name.removeprefix(start).removeprefix('trunk.'): value
            for name, value in found.items()
        }
        known = {
            name: renamed[name]
            for name, value in own.items()
            if name in renamed and renamed[name].shape == value.shape
        }
        if 2 * len(known) < len(own):
            raise ValueError(
                f'The checkpoint holds {len(known)} of the {len(own)} '
                f'tensors of {type(self.trunk).__name__}: it is of another '
                f'network. Its first names are {list(found)[:3]}, those '
                f'wanted {list(self.trunk.state_dict())[:3]}.'
            )
        state_dict.update(known)


def _strides(image: Tensor, maps: Sequence[Tensor]) -> list[int]:
    for i, found in enumerate(maps):
        if found.ndim != 4:
            raise ValueError(
                f'AnyTrunk needs maps (N, D, h, w), but map {i} of the trunk '
                f'has the shape {tuple(found.shape)}.'
            )
    return [round(image.shape[-1] / m.shape[-1]) for m in maps]


def _build(cfg: dict) -> nn.Module:
    """Build a trunk; on the meta device drop path rates have no value."""
    with Replaced(linspace=partial(torch.linspace, device='cpu')):
        return MODELS.build(cfg)


def _options(cls: type) -> set[str]:
    """List the arguments of a class and of its bases."""
    return {
        name for base in cls.__mro__ for name in signature(base).parameters
    }


def _up_to(end: str, named) -> list:
    """List what the network has registered up to the end of a module."""
    named = list(named)
    last = max(
        i
        for i, (name, _) in enumerate(named)
        if name == end or name.startswith(end + '.')
    )
    return named[: last + 1]
