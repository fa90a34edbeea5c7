"""VGG that keeps its resolution in the last stages."""

from mmpretrain.models import VGG
from torch import nn

from mmspg.registry import MODELS

from .own_weights import take_only_own_weights
from .taps import Taps


@MODELS.register_module()
class SpatialVGG(Taps, VGG):
    """mmpretrain's VGG without its last pools, for class maps.

    It has no ``pool5``, and options for ``pool4``. It loads the checkpoints
    of torchvision (``features.0.weight``) and of mmpretrain
    (``features.0.conv.weight``).

    Args:
        depth (int): 11, 13, 16 or 19. Defaults to 16.
        pool4 (str): 'stride2' is VGG's own pool, which gives maps of 14 x 14
            for inputs of 224 x 224. 'stride2_overlap' has cells of 3 x 3, as
            the benchmark's SPG. 'stride1' and 'none' give maps of 28 x 28.
            Defaults to 'stride2'.
        taps (Sequence[str]): See :class:`Taps`.
        frozen_stages (int): Number of stages, 0 to 5, whose parameters are
            frozen, as mmpretrain counts them. Defaults to -1, none.
        norm_eval (bool): As of other backbones; this one has no BatchNorm.
        init_cfg (dict, optional): ``dict(type='Pretrained', checkpoint=
            'torchvision://vgg16')`` or a file. Defaults to VGG's own, for
            training from scratch.

    Raises:
        ValueError: ``pool4`` is unknown.
    """

    POOLS = dict(
        stride2=lambda: nn.MaxPool2d(2, 2),
        stride2_overlap=lambda: nn.MaxPool2d(3, 2, padding=1),
        stride1=lambda: nn.MaxPool2d(3, 1, padding=1),
        none=nn.Identity,
    )

    def __init__(
        self,
        depth: int = 16,
        pool4: str = 'stride2',
        taps=(),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        init_cfg: dict | None = None,
    ):
        if pool4 not in self.POOLS:
            raise ValueError(
                f'model.backbone.pool4 is {pool4!r}; valid are '
                f'{list(self.POOLS)}.'
            )
        if frozen_stages not in range(-1, 6):
            raise ValueError(
                f'model.backbone.frozen_stages is {frozen_stages}; valid are '
                '-1 to 5.'
            )
        kwargs: dict = dict(init_cfg=init_cfg) if init_cfg else {}
        kwargs.update(frozen_stages=frozen_stages, norm_eval=norm_eval)
        super().__init__(depth, with_last_pool=False, taps=taps, **kwargs)
        self.features[self.range_sub_modules[3][1] - 1] = self.POOLS[pool4]()
        self._register_load_state_dict_pre_hook(self._rename)
        take_only_own_weights(self)

    def _rename(self, state_dict: dict, prefix: str, *args) -> None:
        """Give torchvision's convolutions mmpretrain's names, in order."""
        start = f'{prefix}features.'
        theirs = [
            name.removesuffix('.weight')
            for name in state_dict
            if name.startswith(start)
            and name.removeprefix(start).count('.') == 1
            and name.endswith('.weight')
        ]
        ours = [
            f'{start}{i}.conv'
            for i, layer in enumerate(self.features)
            if hasattr(layer, 'conv')
        ]
        if len(theirs) != len(ours):
            return
        for kind in ('weight', 'bias'):
            found = [state_dict.pop(f'{name}.{kind}') for name in theirs]
            state_dict.update(
                zip((f'{name}.{kind}' for name in ours), found, strict=True)
            )
