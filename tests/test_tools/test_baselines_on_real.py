"""The script that runs every compared system: what it runs, and on what."""

from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location

import pytest


@pytest.fixture(scope='module')
def tool(root):
    path = root / 'tools/benchmarks/baselines_on_real.py'
    spec = spec_from_file_location('baselines_on_real', path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_fewer_images_of_each_species(tool, tmp_path):
    source, target = tmp_path / 'all', tmp_path / 'few'
    (source / 'images').mkdir(parents=True)
    ids = range(1, 41)  # 4 species of 10 images, half of them for training
    files = dict(
        images=[f'{i} a/{i}.jpg' for i in ids],
        image_class_labels=[f'{i} {1 + i % 4}' for i in ids],
        train_test_split=[f'{i} {int(i <= 20)}' for i in ids],
        bounding_boxes=[f'{i} 1.0 2.0 3.0 4.0' for i in ids],
        classes=[f'{i} bird{i}' for i in range(1, 5)],
    )
    for name, lines in files.items():
        (source / f'{name}.txt').write_text('\n'.join(lines) + '\n')
    tool.fewer(source, target, train=3, test=2)
    kept = {
        name: [
            line.split(' ', 1)
            for line in (target / f'{name}.txt').read_text().splitlines()
        ]
        for name in files
    }
    numbers = {tuple(i for i, _ in kept[n]) for n in files if n != 'classes'}
    assert len(numbers) == 1
    label = dict(kept['image_class_labels'])
    count = Counter((label[i], flag) for i, flag in kept['train_test_split'])
    assert set(count.values()) == {2, 3}
    assert all(
        n == (3 if flag == '1' else 2) for (_, flag), n in count.items()
    )
    assert (target / 'images').resolve() == (source / 'images').resolve()
