"""Test without BatchNorm layers."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmspg.models.folding import fold_batch_norm
from mmspg.registry import HOOKS


@HOOKS.register_module()
class FoldBatchNormHook(Hook):
    """Fold BatchNorm into the convolutions once a test begins.

    The checkpoint has been loaded by then. A validation during training is
    left alone, since its model goes on learning. ``tools/test.py --fold-bn``
    adds this hook.
    """

    def before_test(self, runner) -> None:
        """Fold, in place."""
        model = runner.model
        while is_model_wrapper(model):
            model = model.module
        fold_batch_norm(model.eval())  # as the loop does just after
