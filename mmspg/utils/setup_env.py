"""Make mmspg known to the packages that it plugs into."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path

from .noise import quiet_printing
from .upstream.config_names import name_configs
from .upstream.config_text import lay_out_configs
from .upstream.yapf_cache import import_yapf

__all__ = ['join_ecosystem', 'model_index', 'register_all_modules']


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import every module of mmspg and of MMPretrain that registers a class.

    A config that names its classes as ``mmspg.X`` does not need this call,
    since the prefix imports them. Programs that look into the registries
    need it.

    Args:
        init_default_scope (bool): Make 'mmpretrain' the default scope, in
            which the classes of both packages are found. Defaults to True.
    """
    from mmpretrain.utils import register_all_modules as register_parent

    import mmspg.datasets.registered
    import mmspg.engine
    import mmspg.evaluation.metrics
    import mmspg.models
    import mmspg.visualization  # noqa: F401

    register_parent(init_default_scope)


def model_index() -> Path | None:
    """Find ``model-index.yml``, in an installed mmspg or in its checkout.

    Returns:
        Path: The file, or None if mmspg was neither installed nor cloned.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / '.mim', package.parent):
        if (folder / 'model-index.yml').is_file():
            return folder / 'model-index.yml'
    return None


def _join_mmpretrain() -> None:
    """Do what needs MMPretrain, and so PyTorch, imported."""
    from mmpretrain.apis import ModelHub

    from .upstream.checkpoints import allow_checkpoints
    from .upstream.model_apis import extend_model_apis

    allow_checkpoints()
    extend_model_apis()
    index = model_index()
    if index and not ModelHub.has('spg_inceptionv3_imagenet'):
        ModelHub.register_model_index(index, config_prefix=index.parent)


class _AroundImport(MetaPathFinder):
    """Run the first import of a module within a context.

    Python has no other way to act when somebody else imports a module. This
    finder leaves the search for the module to the other finders.
    """

    def __init__(
        self, module: str, context: Callable[[], AbstractContextManager]
    ) -> None:
        self.module = module
        self.context = context

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.module:
            return None
        others = (f for f in sys.meta_path if f is not self)
        specs = (f.find_spec(fullname, path, target) for f in others)
        spec = next((spec for spec in specs if spec), None)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_within(module):
                if self not in sys.meta_path:
                    return execute(module)
                sys.meta_path.remove(self)
                with self.context():
                    execute(module)

            spec.loader.exec_module = execute_within
        return spec


@contextmanager
def _joining():
    yield
    _join_mmpretrain()


def join_ecosystem() -> None:
    """Make ``mmspg::`` configs, model names and checkpoints known.

    MMEngine is quick to import, while MMPretrain takes seconds, since it
    imports PyTorch. So what concerns MMPretrain waits until it is imported,
    as any use of mmspg does.
    """
    import_yapf()  # MMEngine imports it sooner or later
    name_configs()
    lay_out_configs()
    if 'mmpretrain' in sys.modules:
        _join_mmpretrain()
    else:
        sys.meta_path.insert(0, _AroundImport('mmpretrain', _joining))
    sys.meta_path.insert(
        0, _AroundImport('mmpretrain.datasets', quiet_printing)
    )
