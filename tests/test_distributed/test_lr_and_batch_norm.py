"""The linear scaling rule, and synchronised BatchNorm."""

import copy

import pytest
import torch
from forked_runs import CONFIG, ROOT, TINY, needs_fork, train
from jobs import run_job, succeed
from mmengine.config import Config
from mmengine.model import convert_sync_batchnorm
from torch.nn import SyncBatchNorm
from torch.nn.modules.batchnorm import _BatchNorm

from mmspg.models import TruncatedInceptionV3

CONFIGS = sorted(
    path
    for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_the_lr_is_for_the_batch_of_the_config(path):
    """As written, in one process, ``--auto-scale-lr`` changes nothing."""
    cfg = Config.fromfile(path)
    if cfg.get('train_cfg') is None:
        return
    batch = cfg.train_dataloader.batch_size
    assert cfg.auto_scale_lr.base_batch_size == batch
    assert not cfg.auto_scale_lr.get('enable', False)


@needs_fork
@pytest.mark.parametrize(
    'runner',
    ['Runner', pytest.param('FlexibleRunner', marks=pytest.mark.slow)],
)
def test_auto_scale_lr_scales_all_groups_alike(tmp_path, runner):
    """Two processes of 4 images where the lr is for 25."""
    options = {**TINY, 'train_cfg.max_epochs': 1}
    if runner != 'Runner':
        options['runner_type'] = runner
    args = [CONFIG, '--work-dir', tmp_path, '--no-validate', '--auto-scale-lr']
    succeed(run_job(tmp_path, 2, 'tools/train.py', args, options))
    found = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    groups = found['optimizer']['param_groups']
    # Adam's lr of .001, and a tenth of it for the layers of SPG.
    assert {round(g['initial_lr'] * 25 / 8, 9) for g in groups} == {1e-3, 1e-4}


@needs_fork
def test_auto_scale_lr_needs_the_batch_of_the_lr(tmp_path):
    cfg = Config.fromfile(CONFIG)
    cfg.pop('auto_scale_lr')
    cfg.dump(tmp_path / 'config.py')
    outcome = train(
        tmp_path / 'run',
        '--auto-scale-lr',
        config=tmp_path / 'config.py',
    )
    assert outcome.code == 1
    assert 'base_batch_size=NUMBER' in outcome.output.splitlines()[-1]


def batch_norms(model):
    return [m for m in model.modules() if isinstance(m, _BatchNorm)]


def test_sync_bn_replaces_every_batch_norm_and_keeps_the_names():
    """What MMEngine does for ``sync_bn='torch'``; the exchange needs GPUs."""
    plain = TruncatedInceptionV3(norm_eval=True).eval()
    synced = convert_sync_batchnorm(copy.deepcopy(plain), 'torch').eval()
    assert {type(m) for m in batch_norms(synced)} == {SyncBatchNorm}
    assert len(batch_norms(synced)) == len(batch_norms(plain)) > 0
    before, after = plain.state_dict(), synced.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    images = torch.rand(1, 3, 64, 64)
    for one, other in zip(plain(images), synced(images), strict=True):
        assert torch.allclose(one, other)
    # norm_eval knows the new layers, too
    assert not any(m.training for m in batch_norms(synced.train()))


@needs_fork
def test_sync_bn_without_a_gpu_ends_with_a_clear_error(tmp_path):
    if torch.cuda.is_available():
        pytest.skip('this machine has a GPU')
    args = [CONFIG, '--work-dir', tmp_path, '--no-validate']
    options = {**TINY, 'sync_bn': 'torch'}
    (outcome,) = run_job(tmp_path, 1, 'tools/train.py', args, options)
    assert outcome.code == 1
    assert 'SyncBatchNorm layers only work with GPU' in outcome.output
