"""One parameter group for each lr, not one for each parameter."""

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmspg.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedGroupsConstructor(DefaultOptimWrapperConstructor):
    """MMEngine's constructor, with parameters of equal settings together.

    Under ``paramwise_cfg`` MMEngine makes a group of every parameter. The
    optimizer then updates one parameter at a time, and a GPU waits for
    hundreds of small kernels in every step. The update is the same.
    """

    def add_params(
        self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs
    ) -> None:
        """Add the groups of a module; after the last module, merge them.

        Args:
            params (list[dict]): The groups, which grow in place.
            module (nn.Module): Whose parameters are added.
            prefix (str): The module's name in the model. Defaults to '', the
                model itself.
            **kwargs: Of MMEngine's constructor.
        """
        super().add_params(params, module, prefix, **kwargs)
        if prefix:
            return
        merged: dict[str, dict] = {}
        for group in params:
            settings = {k: v for k, v in group.items() if k != 'params'}
            key = repr(sorted(settings.items()))
            own = merged.setdefault(key, dict(settings, params=[]))
            own['params'] += group['params']
        params[:] = merged.values()
