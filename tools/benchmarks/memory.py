"""The device that is measured, and the most memory that it took."""

import contextlib
import ctypes
import gc
import os
from pathlib import Path


def device() -> str:
    """The device that is measured, ``'cuda'`` or ``'cpu'``."""
    import torch

    return 'cuda' if torch.cuda.is_available() else 'cpu'


def synchronise() -> None:
    import torch

    if device() == 'cuda':
        torch.cuda.synchronize()


def forget_peak() -> None:
    import torch

    if device() == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        return
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)  # what building left behind
    if os.access('/proc/self/clear_refs', os.W_OK):
        Path('/proc/self/clear_refs').write_text('5')


def peak_since(before: float) -> float:
    import torch

    if device() == 'cuda':
        return torch.cuda.max_memory_allocated()
    return resident('VmHWM') - before


def resident(key: str) -> float:
    """Resident memory in bytes, now (VmRSS) or at most (VmHWM)."""
    status = Path('/proc/self/status')
    if not status.is_file():  # not Linux: unknown
        return float('nan')
    (line,) = (x for x in status.read_text().splitlines() if key in x)
    return 1024 * float(line.split()[1])
