"""Keep the frozen parts of a backbone frozen while the rest trains."""

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch.nn.modules.batchnorm import _BatchNorm


class FrozenBackbone(BaseBackbone):
    """Base of backbones with ``frozen_stages`` and ``norm_eval``.

    A subclass lists the names of its layers, stage by stage, in ``stages``,
    or writes ``_freeze`` itself.
    """

    stages: tuple[tuple[str, ...], ...] = ()
    frozen_stages = -1
    norm_eval = False

    def freeze(self, frozen_stages: int, norm_eval: bool) -> None:
        """Freeze the first stages; the constructor calls it last.

        Args:
            frozen_stages (int): The last stage whose parameters and batch
                statistics are frozen, from 0, or -1 for none.
            norm_eval (bool): Keep the batch statistics of all BatchNorm
                layers as they are.

        Raises:
            ValueError: There is no such stage.
        """
        if frozen_stages not in range(-1, len(self.stages)):
            raise ValueError(
                f'frozen_stages must be from -1 to {len(self.stages) - 1}, '
                f'but is {frozen_stages}.'
            )
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self._freeze()

    def train(self, mode: bool = True):
        """Keep the frozen parts in evaluation mode."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze(self) -> None:
        for stage in self.stages[: self.frozen_stages + 1]:
            for name in stage:
                self.get_submodule(name).eval().requires_grad_(False)
