"""MMEngine's runner, whose terminal shows what a person can use."""

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ..utils.checkpoint import check_checkpoint
from ..utils.noise import hide_on_terminal, quiet_printing

__all__ = ['QuietRunner', 'build_runner', 'build_test_runner']


class QuietRunner(Runner):
    """A ``Runner`` that writes machine, config and parameters to its file.

    MMEngine logs some 700 lines before the first step. They stay in the log
    file; :mod:`mmspg.utils.noise` lists what the terminal leaves out.
    """

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """Build the logger; see the class."""
        logger = super().build_logger(*args, **kwargs)
        hide_on_terminal(logger)
        return logger

    def load_checkpoint(self, *args, **kwargs) -> dict:
        """Load; MMEngine prints that, too, instead of logging it."""
        with quiet_printing():
            return super().load_checkpoint(*args, **kwargs)


def build_runner(cfg: Config) -> Runner:
    """Build the config's ``runner_type``, or else a `QuietRunner`."""
    build = RUNNERS.build if 'runner_type' in cfg else QuietRunner.from_cfg
    return build(cfg)


def build_test_runner(cfg: Config, path: str, content: dict | None) -> Runner:
    """Build a runner that tests a checkpoint.

    Args:
        cfg (Config): It loads the checkpoint.
        path (str): The checkpoint, for messages.
        content (dict, optional): What it holds, if it has been read.

    Raises:
        ValueError: The checkpoint would leave a part of the model random.
    """
    runner = build_runner(cfg)
    model = getattr(runner.model, 'module', runner.model)
    check_checkpoint(model, path, content)
    return runner
