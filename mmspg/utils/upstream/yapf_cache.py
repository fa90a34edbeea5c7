"""Import yapf, with which MMEngine prints configs, despite a broken cache."""

import functools
from pickle import UnpicklingError

__all__ = ['import_yapf']

ISSUES = ('https://github.com/open-mmlab/mmengine/issues/1480',)
REMOVE_WHEN = 'yapf imports whatever its cache holds'


def import_yapf() -> None:
    """Import yapf, without its cache if that is incomplete.

    At its first import in an environment yapf writes its grammar into the
    user's cache folder. Other processes can read the file before it is
    complete. So if the processes of a job start together, some may end with
    ``EOFError: Ran out of input``, and a process that is killed while it
    writes leaves a cache that nobody can read. In these cases the grammar is
    built again here, which takes less than a second.

    Without yapf nothing happens, since MMEngine is the one that needs it.
    """
    try:
        import yapf  # noqa: F401
    except ImportError:
        return
    except (EOFError, UnpicklingError):
        from yapf_third_party._ylib2to3.pgen2 import driver

        load = driver.load_grammar
        driver.load_grammar = functools.partial(load, force=True)
        try:
            import yapf  # noqa: F401
        finally:
            driver.load_grammar = load
