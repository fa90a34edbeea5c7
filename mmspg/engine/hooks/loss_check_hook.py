"""Stop where a run is lost, and say when its guidance has collapsed."""

import math
from collections import Counter

import torch
from mmengine.hooks import Hook

from mmspg.registry import HOOKS
from mmspg.utils.warn import warn

ADVICE = (
    'Lower the learning rate of the added layers first (lr_mult in '
    'optim_wrapper.paramwise_cfg; .005 for B and C has been stable where .05 '
    'was not), and clip the gradients: --cfg-options '
    'optim_wrapper.clip_grad.max_norm=5.'
)


@HOOKS.register_module()
class LossCheckHook(Hook):
    """Look at what each training iteration logged.

    - A loss that is NaN or infinite ends the run, before another checkpoint
      is written; what was saved remains. Weights cannot recover from it.
    - A checkpoint whose weights are not finite is not written: the run ends,
      and the one before remains. The last step of an epoch can spoil them
      after a loss that was still finite.
    - A guidance mask that has been almost all foreground for ``patience``
      iterations in a row gives a warning, once a mask: the branch that
      learns from it learns that everything is object. This is how SPG fails
      at high learning rates; it can recover from it.

    MMEngine has read the same numbers off the device just before, to log
    them, so looking at them costs no wait of its own.

    Args:
        limit (float): Share of foreground in [0, 1] that is a collapse.
            Defaults to .95.
        patience (int): Iterations in a row. A branch that was just
            initialised may be above its threshold everywhere for a few.
            Defaults to 50.
    """

    def __init__(self, limit: float = 0.95, patience: int = 50):
        self.limit = limit
        self.patience = patience
        self.streaks = Counter()
        self.warned = set()

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Check the logged losses and mask shares.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): Unused.
            outputs (dict[str, Tensor], optional): What ``train_step`` gave.

        Raises:
            FloatingPointError: A loss is not finite.
        """
        outputs = {
            name: float(torch.as_tensor(value).detach())
            for name, value in (outputs or {}).items()
            if 'loss' in name or name.startswith('mask_')
        }
        shares = {k: v for k, v in outputs.items() if k.startswith('mask_')}
        lost = {
            name: value
            for name, value in outputs.items()
            if name not in shares and not math.isfinite(value)
        }
        where = f'epoch {runner.epoch + 1}, iteration {runner.iter + 1}'
        if lost:
            raise FloatingPointError(
                f'{where}: {_listed(lost)}. Training cannot recover. Mask '
                f'shares: {_listed(shares) or "none logged"}. {ADVICE} Then '
                'resume from the last checkpoint before this, or start again.'
            )
        for name, share in shares.items():
            if not name.endswith('_fg'):
                continue
            streak = self.streaks[name] + 1 if share > self.limit else 0
            self.streaks[name] = streak
            if streak == self.patience and name not in self.warned:
                self.warned.add(name)
                self._warn(name, share, where)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Check the weights that are about to be saved.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): With ``state_dict``.

        Raises:
            FloatingPointError: A weight is not finite.
        """
        lost = [
            name
            for name, value in checkpoint['state_dict'].items()
            if value.is_floating_point() and not value.isfinite().all()
        ]
        if lost:
            raise FloatingPointError(
                f'epoch {runner.epoch + 1}, iteration {runner.iter}: '
                f'{len(lost)} tensors have weights that are not finite, '
                f'{", ".join(lost[:3])} among them, so no checkpoint is '
                f'written. {ADVICE} Then resume from the last one.'
            )

    def _warn(self, name, share, where) -> None:
        warn(
            f'{where}: {name} is {share:.2f}, and was above {self.limit:g} '
            f'for {self.patience} iterations: this guidance mask is nearly '
            'all foreground and guides nothing. It may recover; if it does '
            f'not: {ADVICE}'
        )


def _listed(values: dict) -> str:
    return ', '.join(f'{name} {value:.3g}' for name, value in values.items())
