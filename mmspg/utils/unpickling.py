"""Set whether ``torch.load`` may unpickle in full. Quick to import."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ['allow_pickle', 'only_weights', 'pickle_is_allowed']

# PyTorch reads both at each call. It refuses to choose where both are set.
SAFE = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
UNSAFE = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'


def allow_pickle(allowed: bool) -> None:
    """Set what this process and its children may do.

    If a file holds more than tensors, OneDL's MMEngine falls back to full
    unpickling, while OpenMMLab's never does it. So either choice is forced.

    Args:
        allowed (bool): What ``--allow-pickle`` says. Full unpickling can run
            any code that is in the file.
    """
    chosen, other = (UNSAFE, SAFE) if allowed else (SAFE, UNSAFE)
    os.environ.pop(other, None)
    os.environ[chosen] = '1'


def pickle_is_allowed() -> bool:
    """Tell whether somebody asked for full unpickling."""
    return os.environ.get(UNSAFE, '0').lower() in ('1', 'y', 'yes', 'true')


@contextmanager
def only_weights() -> Iterator[None]:
    """Refuse full unpickling for a while, unless somebody asked for it."""
    if pickle_is_allowed():
        yield
        return
    before = os.environ.get(SAFE)
    os.environ[SAFE] = '1'
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE]
        else:
            os.environ[SAFE] = before
