"""Data sets with boxes, and the transforms that move them.

The readers of annotations and the walk over folders need no PyTorch. So the
classes that need it are imported when somebody asks for them.
"""

from ..utils.lazy import names_of

__getattr__ = names_of(__name__, 'registered')
