"""tools/train.py and tools/test.py as a user runs them, and on bad input."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/spg_tiny_synthetic.py'
SMALL = [
    'train_dataloader.dataset.num_images=48',
    'train_dataloader.batch_size=16',
    'val_dataloader.dataset.num_images=12',
    'test_dataloader.dataset.num_images=12',
    'test_dataloader.dataset.split=val',  # a test repeats the validation
    'train_cfg.max_epochs=1',
    'default_hooks.visualization.interval=6',
]


def run(tool, *args, **kwargs):
    return subprocess.run(
        [sys.executable, f'tools/{tool}.py', *map(str, args)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        **kwargs,
    )


def figures_of(checkpoint, folder, *args):
    """What tools/test.py writes about a checkpoint."""
    out = folder / 'out.json'
    done = run(
        *('test', CONFIG, checkpoint, '--work-dir', folder, *args),
        *('--out', out, '--out-item', 'metrics', '--cfg-options', *SMALL),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('work')
    done = run(
        'train', CONFIG, '--work-dir', work_dir, '--cfg-options', *SMALL
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (log,) = work_dir.glob('*/*.log')
    return work_dir, done.stdout + done.stderr + log.read_text()


def test_training_logs_losses_and_mask_shares(trained):
    _, log = trained
    for key in (
        'loss_cls',
        'loss_b2',
        'loss_b1',
        'loss_c',
        'mask_a_fg',
        'mask_b2_bg',
        'mask_fuse_ignored',
    ):
        assert f'{key}: ' in log, key


def test_training_ends_with_the_table_and_pictures(trained):
    work_dir, log = trained
    assert 'GT-known' in log
    assert 'loc/gt_known_acc' in log
    assert (work_dir / 'epoch_1.pth').is_file()
    pictures = list(work_dir.rglob('vis_image/*.png'))
    assert len(pictures) == 2  # every 6th of 12


def test_testing_repeats_the_validation(trained, tmp_path):
    work_dir, log = trained
    shown = '--show-dir', tmp_path / 'pictures'
    metrics = figures_of(work_dir / 'epoch_1.pth', tmp_path, *shown)
    value = f'loc/gt_known_acc: {metrics["loc/gt_known_acc"]:.4f}'
    assert value in log
    for name in ('gt_known', 'top1', 'top5'):
        acc, err = metrics[f'loc/{name}_acc'], metrics[f'loc/{name}_err']
        assert acc + err == pytest.approx(100)
    assert 0 <= metrics['loc/threshold'] <= 1
    assert len(list((tmp_path / 'pictures').glob('*.png'))) == 2


def test_folding_keeps_the_figures(trained, tmp_path):
    """Of a network whose statistics have moved."""
    work_dir, log = trained
    metrics = figures_of(work_dir / 'epoch_1.pth', tmp_path, '--fold-bn')
    figure = metrics['loc/gt_known_acc']
    assert f'loc/gt_known_acc: {figure:.4f}' in log


def test_a_quick_line_no_noise_and_a_way_on_after_ctrl_c(tmp_path):
    command = [
        *(sys.executable, 'tools/train.py', CONFIG),
        *('--work-dir', str(tmp_path), '--cfg-options'),
        'train_cfg.max_epochs=1000',
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if 'step 1 of' in line:
                process.send_signal(signal.SIGINT)
                break
        told = process.communicate()[1]
    assert process.returncode == 130
    assert len(lines) == 3, lines  # the plan, the log, the first step
    assert 'left' in lines[-1]
    assert 'same command with --resume' in told
    assert 'Traceback' not in told
    assert 'Warning' not in told


def test_help_needs_no_torch():
    """Quick, and without `--gpus`, which mim looks for."""
    for tool in ('train', 'test'):
        code = (
            'import runpy, sys; sys.argv = ["x", "-h"]\n'
            f'try: runpy.run_path("tools/{tool}.py", run_name="__main__")\n'
            'except SystemExit: print("torch" in sys.modules)'
        )
        done = subprocess.run(
            [sys.executable, '-c', code],
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert done.stdout.strip().endswith('False'), done.stderr
        assert '--launcher' in done.stdout
        assert '--gpus' not in done.stdout


def refused(done, *says):
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    for text in says:
        assert text in last, done.stderr[-2000:]


def test_wrong_config_path():
    refused(run('train', 'configs/spg.py'), "'configs/spg.py'", 'configs/')


def test_wrong_checkpoints(trained, tmp_path):
    work_dir, _ = trained
    cfg = [*SMALL, 'model.head.num_classes=3']
    refused(
        run('test', CONFIG, work_dir / 'no.pth', '--work-dir', tmp_path),
        'no.pth',
    )
    refused(
        run(
            'test',
            CONFIG,
            work_dir / 'epoch_1.pth',
            '--work-dir',
            tmp_path,
            '--cfg-options',
            *cfg,
        ),
        'epoch_1.pth',
        'model.head.num_classes',
    )
    torch.save(dict(state_dict={'x': torch.zeros(1)}), tmp_path / 'x.pth')
    refused(
        run('test', CONFIG, tmp_path / 'x.pth', '--work-dir', tmp_path),
        'x.pth',
        'lacks',
    )


def test_other_classes_than_the_data_set(tmp_path):
    done = run(
        'train',
        CONFIG,
        '--work-dir',
        tmp_path,
        '--cfg-options',
        *SMALL,
        'model.head.num_classes=5',
    )
    assert done.returncode != 0
    said = ' '.join(done.stderr.strip().splitlines()[-2:])
    assert '4 classes, but model.head.num_classes is 5' in said
    assert 'check_dataset.py' in said
