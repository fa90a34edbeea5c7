"""A file is there whole, or as it was before."""

import os
import resource

import pytest

from mmspg.utils import atomic
from mmspg.utils.atomic import write_atomically


def test_written_and_replaced(tmp_path):
    path = tmp_path / 'new' / 'file'
    for content in (b'first', b'second, longer', b''):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()] == ['file']


@pytest.mark.parametrize('call', ['fsync', 'replace'])
def test_an_error_leaves_what_was_there(tmp_path, monkeypatch, call):
    path = tmp_path / 'file'
    write_atomically(path, b'before')

    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(atomic.os, call, fail)
    with pytest.raises(OSError, match='No space left on device') as error:
        write_atomically(path, b'after')
    monkeypatch.undo()
    assert error.value.errno == 28
    for part in (str(path), '5 bytes', 'untouched', '--resume'):
        assert part in str(error.value)
    assert path.read_bytes() == b'before'
    assert [p.name for p in tmp_path.iterdir()] == ['file']


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork')
def test_a_limit_of_the_system(tmp_path):
    """Not an error that is made up: the kernel refuses the bytes."""
    from forked_runs import start, wait

    path = tmp_path / 'file'
    write_atomically(path, b'before')

    def write():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        write_atomically(path, bytes(10000))

    log = tmp_path / 'out'
    os.close(os.open(log, os.O_CREAT))
    outcome = wait(start(log, write), log)
    assert outcome.code == 1
    assert 'File too large' in outcome.output
    assert path.read_bytes() == b'before'
    assert not list(tmp_path.glob('*.unfinished'))
