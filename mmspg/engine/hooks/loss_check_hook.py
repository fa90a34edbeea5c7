"""Stop a run that is lost, and warn when its guidance has collapsed."""

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

    - A loss that is NaN or infinite ends the run before another checkpoint
      is written, since weights cannot recover from it. What was saved stays.
    - A checkpoint whose weights are not finite is not written. The run ends,
      and the checkpoint before it stays. The last step of an epoch can spoil
      the weights while its loss was still finite.
    - A guidance mask that is almost all foreground for ``patience``
      iterations in a row gives one warning: the branch that learns from it
      learns that everything is object. SPG fails like this at high learning
      rates. It can recover.

    MMEngine has just read the same numbers from the device to log them, so
    the check costs no extra waiting.

    Args:
        limit (float): Share of foreground in [0, 1] that counts as a
            collapse. Defaults to .95.
        patience (int): Number of iterations in a row. A branch that was just
            initialised may be above its threshold everywhere for a few
            iterations. Defaults to 50.
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
            checkpoint (dict): It has ``state_dict``.

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
