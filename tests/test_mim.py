"""The commands of the mims, where one is installed with mmspg."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CONFIG = """
_base_ = [
    'mmspg::_base_/models/spg_tiny.py',
    'mmspg::_base_/datasets/synthetic_loc.py',
    'mmspg::_base_/schedules/imagenet_3e.py',
    'mmspg::_base_/default_runtime.py',
]
train_dataloader = dict(dataset=dict(num_images=50), batch_size=25)
val_dataloader = dict(dataset=dict(num_images=20))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=1)
"""


@pytest.fixture
def mim(tmp_path):
    """Run `mim` in a foreign folder that has a config of its own."""
    beside = Path(sys.executable).parent
    command = shutil.which('mim', path=str(beside))
    if command is None:
        pytest.skip('no mim: python -m pip install onedl-mim (or openmim)')
    try:
        distribution('mmspg')
    except PackageNotFoundError:
        pytest.skip('mim looks for an installed mmspg: pip install -e .')
    (tmp_path / 'tiny.py').write_text(CONFIG)
    path = os.pathsep.join([str(beside), os.environ['PATH']])

    def start(*arguments):
        done = subprocess.run(
            [command, *arguments],
            cwd=tmp_path,
            env={**os.environ, 'PATH': path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    start.folder = tmp_path
    return start


def test_search(mim):
    printed = mim('search', 'mmspg', '--config', 'spg_inceptionv3_cub')
    assert 'configs/spg_inceptionv3_cub.py' in printed


def test_run(mim):
    printed = mim('run', 'mmspg', 'check_dataset', 'tiny.py', '--no-images')
    assert 'nothing is wrong' in printed


def test_train_and_test(mim):
    mim('train', 'mmspg', 'tiny.py', '--gpus', '0', '--work-dir', 'work')
    checkpoint = mim.folder / 'work/epoch_1.pth'
    assert checkpoint.is_file()
    printed = mim(
        *('test', 'mmspg', 'tiny.py', '--gpus', '0'),
        *('--checkpoint', str(checkpoint)),
    )
    assert 'loc/gt_known_acc' in printed
