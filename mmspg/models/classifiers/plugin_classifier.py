"""Put layers without parameters behind layers of any backbone."""

from collections.abc import Sequence

from mmengine.model import ModuleList
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from mmspg.registry import MODELS

from ..attributions.steering import find_module


class _Behind:
    """A forward hook that is copied with its layer, unlike a closure."""

    def __init__(self, layer: nn.Module):
        self.layer = layer

    def __call__(self, module, inputs, output: Tensor) -> Tensor:
        return self.layer(output)


@MODELS.register_module()
class PluginClassifier(ImageClassifier):
    """An ``ImageClassifier`` with a layer such as ADL between its stages.

    The tensors keep their names, so pretrained weights load as before.

    Args:
        plugins (Sequence[dict]): Each has ``after``, the name of a layer of
            the model, and ``layer``, the config of the layer that gets its
            output.
        **kwargs: Settings of :class:`mmpretrain.models.ImageClassifier`.

    Raises:
        ValueError: There is no such layer; the message lists all layers.
    """

    def __init__(self, *args, plugins: Sequence[dict], **kwargs):
        super().__init__(*args, **kwargs)
        behind = [find_module(self, plugin['after']) for plugin in plugins]
        self.plugins = ModuleList(
            MODELS.build(plugin['layer']) for plugin in plugins
        )
        for module, layer in zip(behind, self.plugins, strict=True):
            module.register_forward_hook(_Behind(layer))
