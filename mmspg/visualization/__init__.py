"""Draw what was found."""

from .localization_visualizer import LocalizationVisualizer
from .palette import PALETTES
from .sheet import draw_sheet

__all__ = ['PALETTES', 'LocalizationVisualizer', 'draw_sheet']
