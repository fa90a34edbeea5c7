"""From score maps to boxes and figures.

``functional`` and ``wsol`` need NumPy, OpenCV and numba alone. The metrics
need MMEngine and PyTorch, which take seconds to import, so they come when
asked for.
"""

from ..utils.lazy import names_of

__getattr__ = names_of(__name__, 'metrics')
