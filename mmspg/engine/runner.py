"""MMEngine's runner, with a terminal that shows only useful lines."""

import logging
import sys
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch import nn

from ..utils.carried_config import compare_preprocessing
from ..utils.checkpoint import check_checkpoint
from ..utils.noise import hide_on_terminal, quiet_printing
from ..utils.warn import warn

__all__ = ['QuietRunner', 'build_runner', 'build_test_runner']


def _end_at_full_disk(logger: MMLogger, file: logging.FileHandler) -> None:
    """Let a log that cannot be written end the run by one error.

    Python's logging prints a traceback of its own for each line.
    """

    def handle_error(record):
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logging.FileHandler.handleError(file, record)
            return
        logger.removeHandler(file)
        with suppress(OSError):
            file.close()
        raise OSError(
            error.errno,
            f'cannot write the log {file.baseFilename}: {error.strerror}',
        ) from error

    file.handleError = handle_error  # type: ignore[method-assign]


def _check_keys(keys: Iterable[str], model: nn.Module) -> None:
    """Warn of keys that are in no parameter's name, if one is alike."""
    names = [name for name, _ in model.named_parameters()]
    parts = {part for name in names for part in name.split('.')}
    for key in keys:
        wrong = [p for p in key.split('.') if not any(p in n for n in parts)]
        near = [get_close_matches(part, parts) for part in wrong]
        if near and all(near):
            warn(
                f'optim_wrapper.paramwise_cfg.custom_keys: {key!r} is in the '
                'name of no parameter, so its settings do nothing. Did you '
                f'mean {" and ".join(map(str, near))}?'
            )


class QuietRunner(Runner):
    """A ``Runner`` that logs machine, config and parameters to a file only.

    MMEngine logs about 700 lines before the first step. They stay in the log
    file. :mod:`mmspg.utils.noise` lists what the terminal does not show.
    """

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """Build the logger; see the class."""
        logger = super().build_logger(*args, **kwargs)
        hide_on_terminal(logger)
        for handler in logger.handlers:
            if isinstance(handler, logging.FileHandler):
                _end_at_full_disk(logger, handler)
        return logger

    def build_optim_wrapper(self, optim_wrapper):
        """Build the optimizer; warn of settings of no parameter."""
        if isinstance(optim_wrapper, dict):
            options = optim_wrapper.get('paramwise_cfg') or {}
            _check_keys(options.get('custom_keys') or {}, self.model)
        return super().build_optim_wrapper(optim_wrapper)

    def load_checkpoint(self, *args, **kwargs) -> dict:
        """Load a checkpoint without the lines that MMEngine prints."""
        with quiet_printing():
            return super().load_checkpoint(*args, **kwargs)


def build_runner(cfg: Config) -> Runner:
    """Build the runner of the config's ``runner_type``, or a `QuietRunner`."""
    build = RUNNERS.build if 'runner_type' in cfg else QuietRunner.from_cfg
    return build(cfg)


def build_test_runner(cfg: Config, path: str, content: dict | None) -> Runner:
    """Build a runner that tests a checkpoint.

    Args:
        cfg (Config): A config that loads the checkpoint.
        path (str): The checkpoint, for messages.
        content (dict, optional): Its content, if it has been read.

    Raises:
        ValueError: The checkpoint would leave a part of the model random.
    """
    compare_preprocessing(cfg, content or {})
    runner = build_runner(cfg)
    model = getattr(runner.model, 'module', runner.model)
    check_checkpoint(model, path, content)
    return runner
