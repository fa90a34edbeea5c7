"""Import the names of a package when somebody asks for them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def names_of(package: str, module: str) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package that gives a module's names.

    Args:
        package (str): Full name of the package.
        module (str): Name of a module in it, which has ``__all__``.
    """

    def __getattr__(name: str) -> Any:
        if not name.startswith('__'):  # as those that `inspect` looks for
            # `from . import module` would ask here for it, without end.
            found = import_module(f'{package}.{module}')
            if name in found.__all__:
                return getattr(found, name)
        raise AttributeError(f'module {package!r} has no attribute {name!r}')

    return __getattr__
