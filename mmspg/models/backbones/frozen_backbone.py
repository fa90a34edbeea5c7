"""Keep the frozen parts of a backbone frozen while the rest trains."""

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch.nn.modules.batchnorm import _BatchNorm


class FrozenBackbone(BaseBackbone):
    """Base of backbones with ``_freeze()`` and ``norm_eval``."""

    norm_eval: bool

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
        raise NotImplementedError
