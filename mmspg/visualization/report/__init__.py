"""Write a folder of HTML to browse the results of a test."""

from .writing import report_image, slider_thresholds, write_report

__all__ = ['report_image', 'slider_thresholds', 'write_report']
