"""Write a folder of HTML to browse the results of a test."""

from .writing import (
    check_folder,
    report_image,
    slider_thresholds,
    write_report,
)

__all__ = [
    'check_folder',
    'report_image',
    'slider_thresholds',
    'write_report',
]
