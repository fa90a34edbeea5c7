"""From score maps to boxes and figures.

``functional`` and ``wsol`` need NumPy and OpenCV alone. The metrics need
MMEngine and PyTorch, which take seconds to import, so they come when asked
for.
"""


def __getattr__(name):
    from . import metrics

    if name in metrics.__all__:
        return getattr(metrics, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
