"""MMPretrain's own tools on configs of mmspg: the table of docs/visualization.

They are taken from the installed mmpretrain, and run in forked children.
"""

import os
import runpy
import sys
from pathlib import Path

import mmpretrain.models  # noqa: F401  forked children then have them
import pytest
from documented_stage import Drawings, lay_out_cub
from forked import needs_fork, start, wait

import mmspg.models  # noqa: F401

TOOLS = Path(mmpretrain.__file__).parent / '.mim/tools'
LOG = '{"lr": 0.1, "data_time": 0.1, "loss": 2.0, "loss_cls": 1.0, "time": '
LOG += '0.5, "epoch": %d, "iter": %d, "step": %d}\n'

pytestmark = [
    needs_fork,
    pytest.mark.slow,
    pytest.mark.skipif(
        not TOOLS.is_dir(), reason='this mmpretrain has no .mim/tools'
    ),
]


def run(folder, tool, *arguments):
    """Run a tool in a folder; gives what it printed."""

    def call():
        os.chdir(folder)
        os.environ['MPLBACKEND'] = 'agg'
        sys.argv = [tool, *map(str, arguments)]
        runpy.run_path(str(TOOLS / tool), run_name='__main__')

    outcome = wait(start(folder / 'log', call), folder / 'log')
    assert outcome.code == 0, outcome.output[-3000:]
    return outcome.output


def test_browse_dataset_shows_images_of_files(root, tmp_path, monkeypatch):
    """``-m original``: the other modes fail with matplotlib 3.11."""
    lay_out_cub(tmp_path / 'cub', Drawings())
    monkeypatch.setenv('MMSPG_DATA_ROOT', str(tmp_path / 'cub'))
    run(
        tmp_path,
        'visualization/browse_dataset.py',
        root / 'configs/spg_inceptionv3_cub.py',
        *('-o', 'shown', '-n', 3, '-m', 'original', '--not-show'),
    )
    assert len(list((tmp_path / 'shown').iterdir())) == 3


def test_vis_scheduler(root, tmp_path):
    printed = run(
        tmp_path,
        'visualization/vis_scheduler.py',
        root / 'configs/spg_tiny_synthetic.py',
        *('--save-path', 'lr.png', '--not-show', '--dataset-size', 100),
    )
    assert 'saved at lr.png' in printed
    assert (tmp_path / 'lr.png').is_file()


def test_analyze_logs(tmp_path):
    rows = [(1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 4)]
    (tmp_path / 'scalars.json').write_text(''.join(LOG % row for row in rows))
    for arguments in (
        ('plot_curve', 'scalars.json', '--keys', 'loss_cls', '--out', 'a.png'),
        ('cal_train_time', 'scalars.json'),
    ):
        printed = run(tmp_path, 'analysis_tools/analyze_logs.py', *arguments)
    assert (tmp_path / 'a.png').is_file()
    assert 'average iter time' in printed
