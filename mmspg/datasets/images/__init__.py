"""Image files: find them, know their format, read them."""

from ...utils.lazy import names_of

__getattr__ = names_of(__name__, 'reading')
