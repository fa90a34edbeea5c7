"""Set-up of the package. Quick to import: ``import mmspg`` does."""

from .setup_env import register_all_modules

__all__ = ['register_all_modules']
