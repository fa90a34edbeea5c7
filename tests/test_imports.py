"""Who imports whom: rooms look down, and private names stay at home."""

import ast
from pathlib import Path

import pytest

HEAVY = {'torch', 'torchvision', 'mmengine', 'mmcv', 'mmpretrain'}
# What each room may see of the package, itself apart.
SEES = {
    'functional': (),
    'samples.py': ('mmspg.datasets.annotations.faults',),
    # Steps that see the image need it read.
    'locate.py': (
        'mmspg.evaluation.functional',
        'mmspg.evaluation.samples',
        'mmspg.datasets.images.reading',
    ),
    'wsol': (
        'mmspg.evaluation.functional',
        'mmspg.datasets.annotations.boxes',
        'mmspg.datasets.annotations.faults',
        'mmspg.datasets.annotations.formats',
        'mmspg.datasets.annotations.wsol_files',
        'mmspg.datasets.images',  # masks are images
    ),
    'metrics': (
        'mmspg.utils.warn',
        'mmspg.evaluation.functional',
        'mmspg.evaluation.choices',
        'mmspg.evaluation.choice_values',
        'mmspg.datasets.annotations.class_lists',
        'mmspg.datasets.annotations.formats',
        'mmspg.evaluation.locate',
        'mmspg.evaluation.protocol',
        'mmspg.evaluation.samples',
        'mmspg.evaluation.wsol',
        'mmspg.registry',
    ),
}


def imported(path: Path, root: Path):
    """Yield the full names of what a file imports, in functions too."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level]
            parts = [*(above if node.level else ()), node.module]
            module = '.'.join(filter(None, parts))
            yield from (f'{module}.{alias.name}' for alias in node.names)


@pytest.mark.quick
def test_no_private_name_is_imported(root):
    files = [
        path
        for folder in ('mmspg', 'tools', 'projects')
        for path in (root / folder).rglob('*.py')
    ]
    # Scripts import their neighbours by the bare name.
    ours = {'mmspg', *(f.stem for f in files), *(f.parent.name for f in files)}
    found = {
        f'{path.relative_to(root)}: {name}'
        for path in files
        for name in imported(path, root)
        if name.split('.')[0] in ours
        and any(p.startswith('_') and p[:2] != '__' for p in name.split('.'))
    }
    assert found == set()


@pytest.mark.quick
@pytest.mark.parametrize('room', list(SEES))
def test_the_rooms_of_evaluation_look_down(root, room):
    place = root / 'mmspg' / 'evaluation' / room
    own = f'mmspg.evaluation.{place.stem}'
    files = [place] if place.is_file() else sorted(place.rglob('*.py'))
    assert files
    for path in files:
        for name in imported(path, root):
            seen = name.startswith((own, *SEES[room]))
            assert seen or not name.startswith('mmspg.'), (path, name)
            light = name.split('.')[0] not in HEAVY
            assert light or room == 'metrics', (path, name)
