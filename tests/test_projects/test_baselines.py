"""The script that runs every compared system: what it runs, and on what."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest


@pytest.fixture(scope='module')
def tool(root):
    path = root / 'projects/evidence/baselines.py'
    sys.path.insert(0, str(path.parent))
    spec = spec_from_file_location('baselines', path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(path.parent))


def test_every_system_has_a_row(root, tool):
    rows = [row.name for row in tool.rows()]
    assert len(set(rows)) == len(rows)

    def system(name):
        return name.removesuffix('_imagenet').removesuffix('_cub')

    systems = [system(name) for name in rows]
    assert len(set(systems)) == len(systems)
    there = {system(p.stem) for p in root.glob('configs/baselines/*.py')}
    spg = {'spg_inceptionv3', 'spg-plain_inceptionv3'}
    assert set(systems) == there | spg | {'spg_vgg16', 'spg_resnet50'}


def test_attributions_come_after_the_network_that_they_read(tool):
    rows = tool.rows()
    names = [row.name for row in rows]
    reading = [row for row in rows if row.checkpoint_of]
    assert len(reading) == 6
    for row in reading:
        assert names.index(row.checkpoint_of) < names.index(row.name)
        net = row.name.split('_')[1]
        assert net in row.checkpoint_of
