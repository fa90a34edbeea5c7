"""The text of configs, laid out in lines."""

import ast
import sys
from pathlib import Path

import pytest

from mmspg.utils.carried_config import parse_config
from mmspg.utils.cfg import load_config
from mmspg.utils.upstream.config_text import lay_out

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    'name', ['spg_inceptionv3_imagenet', 'spg_inceptionv3_cub']
)
def test_a_config_is_laid_out_in_lines_without_yapf(name, monkeypatch):
    import mmspg  # noqa: F401  lays out

    cfg = load_config(str(ROOT / 'configs' / f'{name}.py'))
    monkeypatch.setitem(sys.modules, 'yapf.yapflib.reformatter', None)
    text = cfg.pretty_text
    assert parse_config(text) == cfg.to_dict()
    assert max(map(len, text.splitlines())) < 80
    assert text == lay_out(text)


@pytest.mark.parametrize(
    'text',
    [
        'a = 1\n',
        'a = dict(b=[1, 2, (3,)], c={4: -0.5}, **{"d.e": None})\n',
        'a = b = [dict(x=1.5e-05, y=float), "it is \\\'so\\\'"]\n',
        f'import os\na = {["long" * 30, ("x" * 70,), {"y" * 60: []}]}\n',
        f'a = dict({{"b.c": {list(range(60))}}}, d={{"{"ab" * 30}": 1.5}})\n',
        'a = "' + 'long ' * 30 + '"\n',
    ],
)
def test_the_meaning_stays(text):
    laid_out = lay_out(text)
    assert ast.dump(ast.parse(laid_out)) == ast.dump(ast.parse(text))
    assert lay_out(laid_out) == laid_out


def test_what_is_no_python_stays_as_it_is():
    assert lay_out('a = <function f at 0x7f>') == 'a = <function f at 0x7f>'
