"""Compile the parts of a network that can be compiled in training."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmspg.models.compiling import compile_parts
from mmspg.registry import HOOKS


@HOOKS.register_module()
class CompileHook(Hook):
    """Apply ``torch.compile`` to the backbone and the parts of the neck.

    MMEngine's setting ``compile=True`` compiles the whole training step with
    its optimizer, which fails as soon as the optimizer has two groups of
    learning rates. All configs here have two. Losses, masks and the optimizer
    stay as they are.

    Args:
        **settings: As of ``torch.compile``, for example
            ``mode='max-autotune'``.
    """

    def __init__(self, **settings):
        self.settings = settings

    def before_train(self, runner) -> None:
        """Compile when the first batch comes."""
        model = runner.model
        compile_parts(
            model.module if is_model_wrapper(model) else model, self.settings
        )
