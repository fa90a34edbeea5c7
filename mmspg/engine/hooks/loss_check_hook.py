"""Stop a run that is lost, and warn when its guidance has collapsed."""

import math
from collections import Counter

from mmengine.hooks import Hook

from mmspg.registry import HOOKS
from mmspg.utils.warn import warn

from .deferred_info_hook import KeptSteps, Step

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

    A GPU is not waited for at every step. Its numbers are looked at together
    before a line of the log, every 50 iterations if there are fewer lines,
    before a checkpoint or a validation, and at the end of an epoch. So the
    run may end some iterations after the first bad one, which the message
    names. MMEngine's ``RuntimeInfoHook`` reads the same numbers at every
    step, and the GPU waits for it; `DeferredInfoHook` in its place does not.

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
        self.kept = KeptSteps()
        self.streaks = Counter()
        self.warned = set()

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Keep the losses and mask shares, and check them if it is time.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): Unused.
            outputs (dict[str, Tensor], optional): What ``train_step`` gave.

        Raises:
            FloatingPointError: A loss is not finite.
        """
        watched = {
            name: value
            for name, value in (outputs or {}).items()
            if 'loss' in name or 'mask_' in name
        }
        self.kept.keep(runner, watched)
        if self.kept.due(self, runner, batch_idx):
            self._check_steps()

    def _check_steps(self) -> None:
        for step in self.kept.read():
            self._check(step)

    def _check(self, step: Step) -> None:
        shares = {k: v for k, v in step.outputs.items() if 'mask_' in k}
        lost = {
            name: value
            for name, value in step.outputs.items()
            if name not in shares and not math.isfinite(value)
        }
        if lost:
            raise FloatingPointError(
                f'{step}: {_listed(lost)}. Training cannot recover. Mask '
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
                self._warn(name, share, step)

    def before_val(self, runner) -> None:
        """Validate no weights that are lost.

        Raises:
            FloatingPointError: A loss is not finite.
        """
        self._check_steps()

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Check the losses until now and the weights to be saved.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): It has ``state_dict``.

        Raises:
            FloatingPointError: A loss or a weight is not finite.
        """
        self._check_steps()
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

    def _warn(self, name, share, step) -> None:
        warn(
            f'{step}: {name} is {share:.2f}, and was above {self.limit:g} '
            f'for {self.patience} iterations: this guidance mask is nearly '
            'all foreground and guides nothing. It may recover; if it does '
            f'not: {ADVICE}'
        )


def _listed(values: dict) -> str:
    return ', '.join(f'{name} {value:.3g}' for name, value in values.items())
