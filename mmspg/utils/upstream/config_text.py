"""Lay configs out in lines without yapf, which takes a second each time."""

import ast
from copy import copy

__all__ = ['lay_out', 'lay_out_configs']

ISSUES = ('https://github.com/open-mmlab/mmcv/issues/2466',)
REMOVE_WHEN = (
    'MMEngine formats a config once, or by something quick: a run asks for '
    'its text four times before the first step, and once a checkpoint'
)

WIDTH = 79
ENDS = {
    ast.List: ('[', ']'),
    ast.Tuple: ('(', ')'),
    ast.Dict: ('{', '}'),
    ast.Set: ('{', '}'),
}


def lay_out_configs() -> None:
    """Lay out the text of every config here, and not by yapf."""
    from mmengine.config import Config  # imports yapf: see yapf_cache.py

    written = Config.pretty_text.fget

    def pretty_text(self) -> str:
        plain = copy(self)
        # `Config.fromfile` drops the argument of this name.
        vars(plain)['_format_python_code'] = False
        return lay_out(written(plain))

    Config.pretty_text = property(pretty_text, doc=written.__doc__)


def lay_out(text: str) -> str:
    """Break long statements, with one element in each line.

    Args:
        text (str): Python, without comments.

    Returns:
        str: Python of the same meaning, or the same text if it is not Python.
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, RecursionError):
        return text
    return ''.join(f'{_statement(statement)}\n' for statement in statements)


def _statement(node: ast.stmt) -> str:
    if not isinstance(node, ast.Assign):
        return ast.unparse(node)
    names = ''.join(f'{ast.unparse(target)} = ' for target in node.targets)
    return names + _expression(node.value, 0, len(names))


def _expression(node: ast.expr, indent: int, begin: int) -> str:
    """The lines of an expression whose first line starts at ``begin``."""
    line = ast.unparse(node)
    parts = _parts(node)
    if begin + len(line) < WIDTH or not parts:
        return line
    if isinstance(node, ast.Call):
        start, end = f'{ast.unparse(node.func)}(', ')'
    else:
        start, end = ENDS[type(node)]
    inner = indent + 4
    lines = [
        f'{" " * inner}{name}{_expression(value, inner, inner + len(name))},'
        for name, value in parts
    ]
    return '\n'.join([start, *lines, ' ' * indent + end])


def _parts(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The elements that a line may be broken between, and their names."""
    if isinstance(node, ast.Call):
        named = [
            (f'{k.arg}=' if k.arg else '**', k.value) for k in node.keywords
        ]
        return [('', value) for value in node.args] + named
    if isinstance(node, ast.Dict):
        return [
            (f'{ast.unparse(key)}: ' if key else '**', value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [('', value) for value in node.elts]
    return []
