"""Give SPG its three maps from any backbone of timm or mmpretrain."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from .own_weights import check_own
from .taps import checked_taps

CheckpointLoader.register_scheme('pip://', read_pip_weights)

TIMM = 'timm/'
# With these, vision transformers and ConvNeXt of mmpretrain give maps.
MAPS = dict(out_type='featmap', gap_before_final_norm=False)
# mmpretrain resizes such tensors when it loads them.
RESIZED = re.compile(r'pos_embed|relative_|rel_pos')
SIDE = 'model.backbone.input_size (and that of your pipeline)'
OTHER = (
    'Take another trunk, or write a backbone: `class MyTrunk(Taps, '
    'ITS_CLASS)` gives the maps of named layers (mmspg.models.backbones.taps).'
)


@MODELS.register_module()
class AnyTrunk(FrozenBackbone):
    """A CNN or a vision transformer that gives the maps for B1, B2 and A.

    :func:`.taps.choose_taps` chooses the maps. A dry run finds their strides
    and channels. The tokens of a transformer become maps.

    Args:
        trunk (dict | str): 'timm/NAME', or a config: ``type='timm/NAME'``
            with the arguments of ``timm.create_model``, or a backbone of
            mmpretrain. The config has the options of the network, such as
            ``output_stride=16`` (timm's CNNs) or ``strides`` (ResNet).
        taps (Sequence[int], optional): Indices of the trunk's maps for B1,
            B2 and A, each deeper than the one before. Defaults to None: they
            are chosen.
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
        self.whole: set[str] = set()
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
        with torch.no_grad(), _one_map_a_stage(name, image):
            last, maps = self.trunk.forward_intermediates(image)
            # Tokens; the last norm layer makes them comparable.
            self.tokens = last.ndim == 3
        self.whole = {*self.trunk.state_dict()}
        self.taps = checked_taps(taps, _strides(image, maps))
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
        self.whole = {*self.trunk.state_dict()}
        maps = self._dry_run(image)
        taps = checked_taps(taps, _strides(image, maps))
        if all_maps is None:
            self.taps = taps
        else:
            chosen = [all_maps[i] for i in taps]
            self.trunk = _build({**cfg, 'out_indices': chosen})

    @torch.no_grad()
    def _dry_run(self, image: Tensor) -> tuple[Tensor, ...]:
        self.trunk.eval()
        with _one_map_a_stage(type(self.trunk).__name__, image):
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
        own = self.trunk.state_dict()
        wrapped = not prefix and any(
            name.startswith('backbone.') for name in state_dict
        )
        if wrapped:  # the classifier's head is not for a trunk
            for name in list(state_dict):
                if name.startswith('head.'):
                    del state_dict[name]
        start = 'backbone.' if wrapped else prefix
        found = {
            name.removeprefix(start).removeprefix('trunk.'): state_dict.pop(
                name
            )
            for name in list(state_dict)
            if name.startswith(start)
        }
        resized = (
            [] if self.from_timm else [n for n in own if RESIZED.search(n)]
        )
        check_own(
            type(self.trunk).__name__,
            {name: own[name] for name in own if name not in resized},
            found,
            'Name the trunk of the checkpoint in model.backbone.trunk.',
            self.whole,
        )
        state_dict.update(
            (f'{prefix}trunk.{name}', found[name])
            for name in own
            if name in found
        )


@contextmanager
def _one_map_a_stage(name: str, image: Tensor) -> Iterator[None]:
    """Say in one sentence that a trunk cannot give its maps."""
    try:
        yield
    except (AssertionError, AttributeError, RuntimeError, TypeError) as error:
        why = f'{type(error).__name__}: {error}'.partition('\n')[0]
        raise ValueError(
            f'AnyTrunk: {name} does not give one map (N, D, h, w) for each '
            f'stage from an image with sides of {image.shape[-1]} ({why}). If '
            f'it is made for other sides, set {SIDE}. If not: {OTHER}'
        ) from error


def _strides(image: Tensor, maps: Sequence[Tensor]) -> list[int]:
    for i, found in enumerate(maps):
        if getattr(found, 'ndim', 0) != 4:
            shape = getattr(found, 'shape', None)
            found = tuple(shape) if shape else type(found).__name__
            raise ValueError(
                f'AnyTrunk needs maps (N, D, h, w), but map {i} of the trunk '
                f'is {found}. {OTHER}'
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
