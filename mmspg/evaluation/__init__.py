"""Turn score maps into boxes and figures.

``functional`` and ``wsol`` need only NumPy, OpenCV and numba. The metrics need
MMEngine and PyTorch, which take seconds to import. So they are imported when
somebody asks for them.
"""

from ..utils.lazy import names_of

__getattr__ = names_of(__name__, 'metrics')
