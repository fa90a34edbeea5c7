"""The table compares what it says it does."""

import sys
from importlib import import_module

import pytest


@pytest.fixture
def benchmark(root, monkeypatch):
    monkeypatch.syspath_prepend(root / 'tools/benchmarks')
    return import_module('benchmark_data')


def figures_of(line):
    """What stands behind the times of the four steps."""
    return [float(word) for word in line[32:].split()[4:]]


def test_table(benchmark, monkeypatch, capsys):
    argv = ['--num', '2', '--rounds', '1', '--rates', '100']
    monkeypatch.setattr(sys, 'argv', ['benchmark_data.py', *argv])
    benchmark.main()
    said = capsys.readouterr().out
    table = said.split('cores that keep')[0]
    names = ('sum', 'rate', 'ratio', 'to v2', 'KB', 'differs')
    rows = {
        line[:32].strip(): dict(zip(names, figures_of(line), strict=True))
        for line in table.splitlines()
        if line.startswith(('stored', 'copies', 'PNG', 'torchvision'))
    }
    first = rows['stored, Pillow']
    assert (first['ratio'], first['differs']) == (1, 0)
    reference = rows["torchvision's v2, tensors"]
    assert reference['to v2'] == 1
    assert reference['differs'] < 0.01
    assert rows['stored, OpenCV']['differs'] == 0
    for row in rows.values():
        assert row['sum'] * row['rate'] == pytest.approx(1000, rel=0.05)
    # PNG copies hold what the pipeline would have made of the originals.
    assert rows['PNG copies, Pillow']['differs'] == 0
    assert 0 < rows['copies, Pillow']['differs'] < 3
    assert rows['copies, Pillow']['KB'] < first['KB']
    assert 'DataLoader, 1 workers, copies' in said


def test_cores(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['b.py', '--rates', '500', '2000'])
    rows = {'stored': (1, 2, 0.5, 0.5, 4.0, 100, 0)}  # 250 images/s
    benchmark.report(rows, benchmark.parse_args())
    cores = capsys.readouterr().out.splitlines()[-1].split()[1:]
    assert cores == ['2.0', '16.0', '128.0', '8.0', '64.0', '512.0']
