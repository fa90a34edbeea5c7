"""Let MMEngine find the configs of mmspg by ``mmspg::``."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

__all__ = ['name_configs']

ISSUES = ('https://github.com/open-mmlab/mmengine/issues/1410',)
REMOVE_WHEN = (
    'MMEngine resolves `package::` for any package that is installed, also '
    'in editable mode'
)


def name_configs() -> None:
    """Add mmspg to the fixed table of packages with configs."""
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE['mmspg'] = name_for_mmengine()


def name_for_mmengine() -> str:
    """Give the name by which MMEngine finds the folder of mmspg.

    OpenMMLab's MMEngine looks for an installed distribution beside its
    metadata, where an editable install has nothing. With a name that can be
    imported but is not a distribution's it asks Python, which knows.
    """
    try:
        beside = distribution('mmspg').locate_file('mmspg')
    except PackageNotFoundError:
        return 'mmspg'
    return 'mmspg' if Path(str(beside)).is_dir() else 'mmspg.version'
