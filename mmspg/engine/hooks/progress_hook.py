"""Show how far a training is: a bar on a terminal, lines elsewhere."""

import atexit
import logging
import re
import shlex
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from torch.utils.data import DataLoader

from mmspg.registry import HOOKS
from mmspg.utils.noise import hide_on_terminal

# The logger hook's own lines, which have about thirty numbers each.
STEPS = re.compile(r'(Epoch|Iter)\((train|val|test)\)')
NEXT = """The weights are in {checkpoint}. Next, for example:
  python tools/visualization/locate.py IMAGES {checkpoint}
  python tools/test.py {checkpoint}
  python tools/visualization/report.py {work_dir}"""


@HOOKS.register_module()
class ProgressHook(Hook):
    """Show epoch, step, loss and time left while a training runs.

    A terminal shows a bar. Without a terminal there is a line after the first
    step, and then one every ``seconds`` at most. The log file of the run
    keeps MMEngine's own lines with all numbers. A validation gives one line
    with its main figures.

    Args:
        seconds (float): Least time between two lines without a terminal.
            Defaults to 20.
        clock (Callable): Gives the time in seconds. Defaults to
            ``time.monotonic``.
    """

    FIGURES = (
        ('cls_top1_acc', 'class top-1'),
        ('accuracy/top1', 'class top-1'),
        ('gt_known_acc', 'GT-known'),
    )

    def __init__(self, seconds: float = 20, clock: Callable = time.monotonic):
        self.seconds = seconds
        self.clock = clock
        self.bar: Progress | None = None
        self.next_line = 0.0
        self.stream = None

    def before_train(self, runner) -> None:
        """Start the bar, and hide the logger's own steps on the terminal."""
        if not is_main_process():
            return
        runner.logger.info(_plan(runner))
        runner.logger.info(f'the whole log: {runner.log_dir}')
        hide_on_terminal(runner.logger, STEPS.match)
        console = Console()
        if console.is_terminal:
            self.bar = Progress(
                TextColumn('{task.description}'),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn('{task.fields[state]}'),
                console=console,
            )
            self.bar.add_task('training', total=runner.max_iters, state='')
            self.bar.start()
            atexit.register(self.bar.stop)  # else Ctrl-C hides the cursor
            _write_to(runner.logger, sys.stdout)  # the bar watches it

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Show step, loss and time left."""
        hub = runner.message_hub
        state = []
        if 'train/loss' in hub.log_scalars:  # a simulation has no loss
            state.append(f'loss {hub.get_scalar("train/loss").current():.2f}')
        if hub.get_info('eta', None):
            left = timedelta(seconds=round(hub.get_info('eta')))
            state.append(f'{left} left')
        self._tell(runner, 'training', runner.iter + 1, ', '.join(state))

    def after_val_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Show how far the validation is."""
        state = f'batch {batch_idx + 1} of {len(runner.val_dataloader)}'
        self._tell(runner, 'validating', runner.iter, state)

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Show the main figures."""
        figures = [
            f'{name} {value:.1f} %'
            for ending, name in self.FIGURES
            for key, value in (metrics or {}).items()
            if key.endswith(ending) and 'oracle' not in key
        ]
        if figures and is_main_process():
            runner.logger.info(
                f'validation of epoch {runner.epoch}: {", ".join(figures)}'
            )

    def after_train(self, runner) -> None:
        """Stop the bar, and say what to type next."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
            _write_to(runner.logger, sys.stdout)
        checkpoint = runner.message_hub.get_info('last_ckpt', None)
        if checkpoint and is_main_process():
            runner.logger.info(
                NEXT.format(
                    checkpoint=shlex.quote(str(checkpoint)),
                    work_dir=shlex.quote(str(runner.work_dir)),
                )
            )

    def _tell(self, runner, what: str, step: int, state: str) -> None:
        if not is_main_process():
            return
        # A validation comes when its epoch has been counted.
        epoch = runner.epoch + (what == 'training')
        epoch = min(epoch, runner.max_epochs or 0)
        of = f'epoch {epoch} of {runner.max_epochs}' if epoch else ''
        if self.bar is not None:
            self.bar.update(
                self.bar.task_ids[0],
                description=f'{what}, {of}' if of else what,
                completed=step,
                state=state,
            )
        elif self.clock() >= self.next_line:
            self.next_line = self.clock() + self.seconds
            runner.logger.info(
                f'{what}, {of}{", " * bool(of)}step {step} of '
                f'{runner.max_iters}: {state}'
            )


def _plan(runner) -> str:
    """Describe the training in numbers."""
    loader, epochs = runner.train_dataloader, runner.max_epochs
    if not isinstance(loader, DataLoader):  # a simulation
        return f'{runner.max_iters} steps'
    optim = runner.cfg.get('optim_wrapper') or {}
    lr = (optim.get('optimizer') or {}).get('lr')
    return (
        f'{len(loader.dataset)} images, batch {loader.batch_size}, '
        + (f'{epochs} epochs, ' if epochs else '')
        + f'{runner.max_iters} steps, '
        + (f'lr {lr:g}, ' if lr else '')
        + f'images loaded by {loader.num_workers or "the main"} '
        + ('process' if loader.num_workers < 2 else 'processes')
    )


def _write_to(logger: logging.Logger, stream) -> None:
    """Let a logger's terminal handlers write to a stream."""
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(
            handler, logging.FileHandler
        ):
            handler.setStream(stream)
