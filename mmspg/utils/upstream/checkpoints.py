"""Let PyTorch read the checkpoints that MMEngine writes."""

import numpy as np
from mmengine.logging import HistoryBuffer

__all__ = ['allow_checkpoints']

ISSUES = ('https://github.com/open-mmlab/mmengine/issues/1655',)
REMOVE_WHEN = (
    'both families of MMEngine declare what their checkpoints hold by '
    '`torch.serialization.add_safe_globals`'
)


def _history_method(owner: type, name: str):
    """Stand in for ``getattr`` in a checkpoint.

    A pickled ``HistoryBuffer`` refers to its statistics as
    ``getattr(HistoryBuffer, 'mean')``, and to nothing else in this way. The
    real ``getattr`` would let a checkpoint reach any object.

    Raises:
        TypeError: The checkpoint asks for anything else.
    """
    if owner is not HistoryBuffer or name.startswith('_'):
        raise TypeError(
            f'the checkpoint asks for {owner!r}.{name}, which no checkpoint '
            'of MMEngine needs: it is refused'
        )
    return getattr(owner, name)


def allow_checkpoints() -> None:
    """Let ``torch.load`` read what MMEngine writes, weights_only or not.

    Since PyTorch 2.6 ``torch.load`` reads only tensors and what was declared
    safe. A checkpoint of MMEngine also holds the logged histories of the
    message hub, and a run cannot be resumed without them. Each is a
    ``HistoryBuffer`` with NumPy arrays and numbers. NumPy 1 and 2 give the
    same functions different names, so both are declared.
    """
    import torch  # here, as it takes seconds

    if torch.__version__ < (2, 6):
        return  # it reads everything, and has no such declaration
    multiarray = (getattr(np, '_core', None) or np.core).multiarray
    named = {
        f'numpy.{core}.multiarray.{name}': getattr(multiarray, name)
        for core in ('core', '_core')
        for name in ('_reconstruct', 'scalar')
    }
    codes = np.typecodes['AllFloat'] + np.typecodes['AllInteger'] + '?'
    dtypes = {type(np.dtype(code)) for code in codes}
    for cls in (HistoryBuffer, np.ndarray, np.dtype, *dtypes):
        named[f'{cls.__module__}.{cls.__qualname__}'] = cls
    named['builtins.getattr'] = _history_method
    # These are pairs with a name, since leaving a context
    # torch.serialization.safe_globals that lists a class forgets the class.
    torch.serialization.add_safe_globals(
        [(value, name) for name, value in named.items()]
    )
