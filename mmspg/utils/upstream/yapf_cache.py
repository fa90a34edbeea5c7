"""Import yapf, by which MMEngine prints configs, whatever its cache holds."""

import functools
from pickle import UnpicklingError

__all__ = ['import_yapf']

ISSUES = ('https://github.com/open-mmlab/mmengine/issues/1480',)
REMOVE_WHEN = 'yapf imports whatever its cache holds'


def import_yapf() -> None:
    """Import yapf, without its cache if that is incomplete.

    At its first import in an environment yapf writes its grammar into the
    user's cache folder, under a name that others read before all is written.
    So of the processes of a job that start together some may end with
    ``EOFError: Ran out of input``, and a
    process killed while it writes leaves a cache that nobody can read. Here
    the grammar is then built again, which takes less than a second.

    Without yapf nothing happens: it is MMEngine's to ask for it.
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
