"""From score maps to boxes and figures.

``functional`` and ``wsol`` need NumPy and OpenCV alone. The metrics need
MMEngine and PyTorch, which take seconds to import, so they come when asked
for.
"""

from importlib import import_module


def __getattr__(name):
    # `from . import metrics` would ask here for 'metrics', without end.
    metrics = import_module(f'{__name__}.metrics')
    if name in metrics.__all__:
        return getattr(metrics, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
