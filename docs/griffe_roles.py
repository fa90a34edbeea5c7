"""Show the docstrings' Sphinx roles as plain code on the site."""

import re

import griffe

ROLE = re.compile(r':(?:attr|class|func|meth|mod):`~?([^`]+)`')


class Roles(griffe.Extension):
    """Turn ``:func:`name` `` into ``name`` in every docstring."""

    def on_instance(self, *, obj: griffe.Object, **kwargs) -> None:
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r'`\1`', obj.docstring.value)
