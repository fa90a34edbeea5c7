"""A start is timed to its end, or to the text that is waited for."""

from importlib import import_module

import pytest


@pytest.fixture
def timed(root, monkeypatch):
    monkeypatch.syspath_prepend(root / 'tools/benchmarks')
    return import_module('benchmark_startup').timed


def test_an_endless_process_is_ended_at_the_text(timed):
    endless = 'while True: print("Epoch(train) 1")'
    seconds, cpu = timed(['-c', endless], 'Epoch(train)')
    assert seconds > 0
    assert cpu > 0


@pytest.mark.parametrize(
    'code, wait_for', [('raise KeyError("lost")', None), ('"lost"', 'Epoch')]
)
def test_a_failure_is_no_figure(timed, code, wait_for):
    with pytest.raises(SystemExit, match='lost'):
        timed(['-c', code], wait_for)
