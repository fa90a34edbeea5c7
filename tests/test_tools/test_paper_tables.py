"""The paper's tables beside what was measured."""

import csv
import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest


@pytest.fixture(scope='module')
def tool(root):
    path = root / 'tools/analysis_tools/paper_tables.py'
    spec = spec_from_file_location('paper_tables', path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def work_dirs(tmp_path):
    """A run with two tests, one that was only validated, an empty one."""

    def write(name, time, figures, kind='test'):
        folder = tmp_path / name / time
        path = folder / f'{time}.json'
        if kind == 'val':
            path = folder / 'vis_data' / 'scalars.json'
        path.parent.mkdir(parents=True)
        lines = figures if isinstance(figures, list) else [figures]
        path.write_text('\n'.join(map(json.dumps, lines)))

    def errors(known, top1, top5):
        return {
            'loc/gt_known_err': known,
            'loc/top1_err': top1,
            'loc/top5_err': top5,
        }

    write('cam_vgg16_imagenet', '20260101_000000', errors(1, 2, 3))
    write('cam_vgg16_imagenet', '20260102_000000', errors(40, 57.5, 45.25))
    write(
        'cam_vgg16_imagenet',
        '20260103_000000',
        [errors(9, 9, 9), {'loss': 1}],
        'val',
    )
    write(
        'spg_inceptionv3_imagenet',
        '20260101_000000',
        [errors(50, 60, 70), errors(36, 52, 41), {'loss': 0.1}],
        'val',
    )
    (tmp_path / 'acol_vgg16_imagenet').mkdir()
    return tmp_path


def run(root, *args):
    return subprocess.run(
        [sys.executable, 'tools/analysis_tools/paper_tables.py', *args],
        capture_output=True,
        text=True,
        cwd=root,
    )


def row_of(text, config):
    (line,) = [x for x in text.splitlines() if f'`{config}`' in x]
    return [cell.strip() for cell in line.strip('|').split('|')][2:]


def test_published_and_measured_stand_side_by_side(root, work_dirs):
    out = run(root, str(work_dirs), '--csv', str(work_dirs / 'out.csv'))
    assert out.returncode == 0, out.stderr
    first = out.stdout.split('**Table 2')[0]
    assert row_of(first, 'cam_vgg16_imagenet') == (
        ['57.20', '57.50', '45.14', '45.25', '', '']
    )
    assert row_of(first, 'spg_inceptionv3_imagenet') == (
        ['51.40', '52.00†', '40.00', '41.00†', '35.05', '']
    )
    assert row_of(first, 'acol_vgg16_imagenet') == (
        ['54.17', 'not run', '40.57', 'not run', '', '']
    )
    assert '2 of 30 configs' in out.stdout
    with open(work_dirs / 'out.csv', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    found = {(r['table'], r['config'], r['error']): r for r in rows}
    tested = found['1', 'cam_vgg16_imagenet', 'top-5']
    assert (tested['published'], tested['measured']) == ('45.14', '45.25')
    assert tested['status'] == 'test'
    known = found['ablations', 'spg_inceptionv3_imagenet', 'GT-known']
    assert (known['published'], known['measured']) == ('35.31', '36')
    assert known['status'] == 'validation'
    missing = found['2', 'acol_vgg16_cub', 'top-1']
    assert (missing['measured'], missing['status']) == ('', 'not run')


def test_a_folder_of_another_name(root, work_dirs, tool):
    folder = work_dirs / 'cam_vgg16_imagenet'
    runs = tool.find_runs([f'deconv_googlenet_imagenet={folder}'])
    assert tool.read_run(runs['deconv_googlenet_imagenet']).figures[
        'loc/top1_err'
    ] == pytest.approx(57.5)


def test_bad_folders(root, tool, tmp_path):
    with pytest.raises(ValueError, match='no folder'):
        tool.find_runs([str(tmp_path / 'none')])
    with pytest.raises(ValueError, match="'cam'; there are backprop_vgg16"):
        tool.find_runs([f'cam={tmp_path}'])
    out = run(root, str(tmp_path / 'none'))
    assert out.returncode == 1
    assert 'Traceback' not in out.stderr


def test_every_row_has_its_config(root, tool):
    recipes = {path.stem for path in (root / 'configs').rglob('*.py')}
    assert set(tool.names()) <= recipes


def test_published_figures_are_those_of_the_paper(shared, tool):
    """Each is in the paper's text; the counts are its tables' own."""
    text = (shared / 'paper' / 'spg.txt').read_text()
    for table in tool.TABLES:
        for row in table.rows:
            for error in row.published:
                assert error is None or f'{error:.2f}' in text, row
    assert [len(t.rows) for t in tool.TABLES] == [10, 4, 7, 12, 4]
