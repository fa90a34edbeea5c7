"""Run something in a child that may be killed, without a new import.

A fork has everything imported already, so a run costs a second and not ten;
what the child patches, sets or breaks stays in it.
"""

import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import NamedTuple

import cv2
import pytest
import torch

needs_fork = pytest.mark.skipif(
    not hasattr(os, 'fork'), reason='this system has no fork'
)


class Outcome(NamedTuple):
    """How a child ended, and what it printed."""

    code: int  # negative: the signal
    output: str


def start(log, call, *args):
    """Fork; the child calls, prints into ``log``, and exits. Gives its id."""
    sys.stdout.flush()
    # A fork has not the threads of a pool, and OpenCV's would be waited for.
    cv2.setNumThreads(1)
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        target = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(target, 1)
        os.dup2(target, 2)
        sys.stdout = open(1, 'w', closefd=False, buffering=1)
        sys.stderr = open(2, 'w', closefd=False, buffering=1)
        torch.set_num_threads(1)
        call(*args)
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else bool(exit.code)
        if isinstance(exit.code, str):
            print(exit.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait(child, log, longest=600):
    """Wait for a child of `start`; one that hangs is killed."""
    if hasattr(os, 'pidfd_open'):  # Linux
        ended = os.pidfd_open(child)
        if not select.select([ended], [], [], longest)[0]:
            os.kill(child, signal.SIGKILL)
        os.close(ended)
    _, status = os.waitpid(child, 0)
    return Outcome(os.waitstatus_to_exitcode(status), Path(log).read_text())
