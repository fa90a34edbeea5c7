"""Readers of annotation files, under the names that programs import."""

from .annotations.formats import (
    Box,
    read_blacklist,
    read_columns,
    read_lines,
    read_names,
    read_solution_csv,
    read_synset_mapping,
    read_table,
)
from .annotations.voc import VOCImage, read_voc_xml

__all__ = [
    'Box',
    'VOCImage',
    'read_blacklist',
    'read_columns',
    'read_lines',
    'read_names',
    'read_solution_csv',
    'read_synset_mapping',
    'read_table',
    'read_voc_xml',
]
