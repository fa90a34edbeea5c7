"""Data sets with boxes, and the transforms that move them.

The readers of annotations and the walk over folders need no PyTorch, so that
what does is imported when it is asked for.
"""

from ..utils.lazy import names_of

__getattr__ = names_of(__name__, 'registered')
