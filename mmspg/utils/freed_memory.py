"""Keep memory that was freed, for the next layer of a network on a CPU."""

import contextlib
import ctypes
import os

__all__ = ['keep_freed_memory']

# Of mallopt in glibc's malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
LARGEST = 2**30
LARGEST_ONCE = 32 * 2**20  # in glibc before 2.35


def keep_freed_memory() -> None:
    """Let the C library keep blocks below 1 GiB that are freed.

    glibc gives blocks above 32 MiB back to the system at once, and asks for
    new ones, which the system fills with zeros page by page. A layer of a
    network needs several of them, so a step spends up to half of its time on
    this. The memory that is kept is used again, so the peak hardly changes.

    Nothing happens with another C library, or where the environment has
    settings of malloc (``MALLOC_...`` or ``GLIBC_TUNABLES``).
    """
    if any(k.startswith(('MALLOC_', 'GLIBC_TUNABLES')) for k in os.environ):
        return
    with contextlib.suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(TRIM_THRESHOLD, LARGEST)
        if not mallopt(MMAP_THRESHOLD, LARGEST):
            mallopt(MMAP_THRESHOLD, LARGEST_ONCE)
