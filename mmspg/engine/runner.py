"""MMEngine's runner, whose terminal shows what a person can use."""

from mmengine.logging import MMLogger
from mmengine.runner import Runner

from ..utils.noise import hide_on_terminal, quiet_printing

__all__ = ['QuietRunner']


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
