"""Hide messages of other packages that do not help any user.

Each message is listed here. All others are shown. What MMEngine logs stays in
the log file of the run.
"""

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

__all__ = ['hide_on_terminal', 'ignore_warnings', 'quiet_printing']

WARNINGS = (
    # mmcv warns of an operator that no network here uses.
    'Fail to import ``MultiScaleDeformableAttention``',
    # PyTorch warns that pinned memory is of no use without a GPU.
    "'pin_memory' argument is set as true but no accelerator is found",
)
PRINTED = (
    # MMPretrain looks for a private data set of the fork's makers.
    'Could not import OneDL',
)
# These lines of MMEngine begin with one of these texts. They are for the log
# file: the machine, the whole config, the order of the hooks, a line for each
# parameter, and what MMEngine does next.
LOGGED = re.compile(
    r'\s*('
    r'-+\s+System environment:|Config:\s|Hooks will be executed|'
    r'paramwise_options -- |Distributed training is not used, all Sync|'
    r'"FileClient" will be deprecated|"HardDiskBackend" is the alias|'
    r'load model from: |Loads checkpoint by |Exp name: |'
    r'Checkpoints will be saved to |Saving checkpoint at '
    r')'
)


def ignore_warnings() -> None:
    """Ignore the listed warnings, and no others, in this process."""
    for message in WARNINGS:
        warnings.filterwarnings('ignore', '\\s*' + re.escape(message))


@contextmanager
def quiet_printing() -> Iterator[None]:
    """Drop the listed lines that a package prints."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        for line in printed.getvalue().splitlines():
            if line not in PRINTED and not LOGGED.match(line):
                print(line)


def hide_on_terminal(
    logger: logging.Logger,
    hide: Callable[[str], object] = LOGGED.match,
) -> None:
    """Keep lines of a logger off the terminal; its file has them all.

    Args:
        logger (logging.Logger): MMEngine's logger of a run.
        hide (Callable): Tells whether a message is hidden. Defaults to the
            messages that are listed in this module.
    """
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(lambda record: not hide(record.getMessage()))
