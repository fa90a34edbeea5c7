"""SPG (Self-produced Guidance, ECCV 2018) as a plugin of MMPretrain."""

from .version import __version__

__all__ = ['__version__']
