"""What a process holds after it has freed a large block."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

HELD = """
from mmspg.utils.command_line import read_arguments, tool_parser
read_arguments(tool_parser(''), [])
def resident():
    line, = (x for x in open('/proc/self/status') if x.startswith('VmRSS'))
    return int(line.split()[1]) // 1024
before = resident()
block = bytearray(b'1') * (200 * 2**20)
del block
print(resident() - before)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='settings of glibc'
)
@pytest.mark.parametrize(
    'settings, held',
    [({}, 200), ({'MALLOC_TRIM_THRESHOLD_': '131072'}, 0)],
    ids=['kept', 'as the environment says'],
)
def test_a_tool_keeps_a_freed_block(settings, held):
    plain = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(('MALLOC_', 'GLIBC_TUNABLES'))
    }
    done = subprocess.run(
        [sys.executable, '-c', HELD],
        env=plain | settings,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert abs(int(done.stdout) - held) < 20
