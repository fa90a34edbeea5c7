"""Read what training steps gave once in a while, not at every step."""

from typing import NamedTuple

import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook

from mmspg.registry import HOOKS


class Step(NamedTuple):
    """Numbers of one training step."""

    epoch: int
    iteration: int
    outputs: dict

    def __str__(self) -> str:
        return f'epoch {self.epoch}, iteration {self.iteration}'


class KeptSteps:
    """Numbers of training steps, which stay on their device until `read`.

    A number can be read from a GPU only when all work before it is done, and
    until then the GPU is given no new work. One read of many steps waits
    once. On a CPU there is nothing to wait for, so a step is read at once.
    """

    MOST = 50  # steps that are kept, if the log has lines less often

    def __init__(self):
        self.steps: list[Step] = []

    def keep(self, runner, outputs: dict) -> None:
        """Keep the numbers of the runner's step, tensors of one element."""
        outputs = {
            name: torch.as_tensor(value).detach().reshape(1)
            for name, value in outputs.items()
        }
        self.steps.append(Step(runner.epoch + 1, runner.iter + 1, outputs))

    def due(self, hook, runner, batch_idx: int) -> bool:
        """Tell whether a reader is waiting: a line of the log, or an end."""
        last = self.steps[-1].outputs.values()
        return (
            all(value.is_cpu for value in last)
            or len(self.steps) >= self.MOST
            or hook.end_of_epoch(runner.train_dataloader, batch_idx)
            or hook.is_last_train_iter(runner)
            or any(
                hook.every_n_inner_iters(batch_idx, logger.interval)
                for logger in runner.hooks
                if isinstance(logger, LoggerHook)
            )
        )

    def read(self) -> list[Step]:
        """Give what was kept as floats, and keep it no longer."""
        steps, self.steps = self.steps, []
        tensors = [v for step in steps for v in step.outputs.values()]
        device = next((t.device for t in tensors if not t.is_cpu), 'cpu')
        if tensors:
            tensors = torch.cat([t.to(device) for t in tensors]).tolist()
        numbers = iter(tensors)
        return [
            step._replace(outputs={name: next(numbers) for name in step[2]})
            for step in steps
        ]


@HOOKS.register_module()
class DeferredInfoHook(RuntimeInfoHook):
    """MMEngine's hook, which does not let a GPU wait at every step.

    MMEngine reads each number that a step logs, at each step, and the norm of
    gradients that are clipped. This hook reads them together before a line of
    the log, every 50 steps if there are fewer lines, before a checkpoint and
    at the end of an epoch. The log is the same. What looks at the last loss
    in between sees an earlier one.

    Examples:
        >>> default_hooks = dict(
        ...     runtime_info=dict(type='mmspg.DeferredInfoHook'))
    """

    def __init__(self):
        self.kept = KeptSteps()
        self.norm = None

    def before_train(self, runner) -> None:
        """Keep the gradients' norm, too, which clipping gives."""
        super().before_train(runner)
        clip = getattr(runner.optim_wrapper, 'clip_func', None)
        if clip is None:
            return

        def clip_and_keep(*args, **kwargs) -> None:
            # What it returned would be read and logged at once.
            if (norm := clip(*args, **kwargs)) is not None:
                self.norm = norm

        runner.optim_wrapper.clip_func = clip_and_keep

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Keep the outputs of the step, and log them if it is time."""
        outputs = outputs or {}
        if self.norm is not None:
            outputs = {runner.optim_wrapper.grad_name: self.norm} | outputs
            self.norm = None
        self.kept.keep(runner, outputs)
        if self.kept.due(self, runner, batch_idx):
            self._log(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Add what was kept to the checkpoint, for a resumed log."""
        self._log(runner)
        logged = runner.message_hub.state_dict()['log_scalars']
        checkpoint['message_hub']['log_scalars'] = logged

    def _log(self, runner) -> None:
        for step in self.kept.read():
            super().after_train_iter(runner, 0, None, step.outputs)
