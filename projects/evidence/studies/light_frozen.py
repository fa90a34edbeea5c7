"""What `light.py` compares, on a trunk that is frozen as a whole.

A run takes a minute of a core, so that there can be seeds and settings.
"""

from studies.light import DATA_SETS, SETTINGS, SHARED, SIDE, SYSTEMS

FROZEN = True

__all__ = ['DATA_SETS', 'FROZEN', 'SETTINGS', 'SHARED', 'SIDE', 'SYSTEMS']
