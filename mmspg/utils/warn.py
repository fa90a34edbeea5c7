"""Warn in the log of a run."""

import logging

from mmengine.logging import print_log


def warn(text: str) -> None:
    """Log a warning with the current logger of MMEngine."""
    print_log(text, 'current', logging.WARNING)
