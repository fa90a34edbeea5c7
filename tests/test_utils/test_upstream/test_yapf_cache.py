"""A cache of yapf that is being written, or never was to its end."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.quick

PRINT = """
import mmspg
from mmengine.config import Config
print(Config(dict(a=1)).pretty_text)
"""


def python(cache, code):
    """Run code in a process of its own, with a cache folder of its own."""
    return subprocess.run(
        [sys.executable, '-c', code],
        env={**os.environ, 'XDG_CACHE_HOME': str(cache)},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(
    not sys.platform.startswith('linux'), reason='XDG is of Linux'
)
@pytest.mark.parametrize(
    ('name', 'share'), [('Grammar', 0.5), ('PatternGrammar', 0)]
)
def test_a_part_of_a_cache_is_made_anew(tmp_path, name, share):
    assert python(tmp_path, 'import yapf').returncode == 0
    (cache,) = tmp_path.rglob(f'{name}-py*.pickle')
    whole = cache.read_bytes()
    cache.write_bytes(whole[: int(share * len(whole))])
    assert python(tmp_path, 'import yapf').returncode == 1  # the premise

    outcome = python(tmp_path, PRINT)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip() == 'a = 1'
    assert cache.read_bytes() == whole
