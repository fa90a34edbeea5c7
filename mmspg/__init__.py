"""SPG (Self-produced Guidance, ECCV 2018) as a plugin of MMPretrain."""

from .utils.dependencies import check_dependencies
from .utils.noise import ignore_warnings
from .utils.setup_env import join_ecosystem
from .version import __version__

__all__ = ['__version__']

check_dependencies()
ignore_warnings()
join_ecosystem()
