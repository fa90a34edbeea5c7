"""One seed, one set of figures; and what they were measured with."""

import hashlib
import json

import pytest
import torch
from forked_runs import evaluate, needs_fork, same_bits, train

import mmspg
from mmspg.utils.run_report import run_report

pytestmark = needs_fork


def report_of(work_dir):
    (path,) = work_dir.glob('*/test_report.json')
    return json.loads(path.read_text())


@pytest.fixture(scope='module')
def tested(unbroken, tmp_path_factory):
    """Two tests of one checkpoint, in two processes."""
    root = tmp_path_factory.mktemp('tested')
    for name in ('one', 'two'):
        outcome = evaluate(root / name, unbroken / 'epoch_3.pth')
        assert outcome.code == 0, outcome.output
    return root


@pytest.mark.parametrize(
    'workers', [0, pytest.param(2, marks=pytest.mark.slow)]
)
def test_two_trainings_with_one_seed(tmp_path, workers):
    """Bit for bit, in other processes, with crops, dropout and shuffling."""
    options = {
        'train_dataloader.num_workers': workers,
        'train_cfg.max_epochs': 1,
    }
    for name, seed in (('one', 5), ('two', 5), ('other', 6)):
        outcome = train(
            tmp_path / name, options={**options, 'randomness.seed': seed}
        )
        assert outcome.code == 0, outcome.output
    one, two, other = (
        tmp_path / name / 'epoch_1.pth' for name in ('one', 'two', 'other')
    )
    assert same_bits(one, two)
    assert not same_bits(one, other)


def test_two_tests_of_one_checkpoint(tested):
    one, two = (report_of(tested / name) for name in ('one', 'two'))
    assert one['metrics'] == two['metrics']
    assert one['checkpoint'] == two['checkpoint']
    assert one['versions'] == two['versions']


def test_every_test_run_says_what_it_was(tested, unbroken):
    report = report_of(tested / 'one')
    checkpoint = unbroken / 'epoch_3.pth'
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert report['checkpoint'] == {'path': str(checkpoint), 'sha256': digest}
    assert report['versions']['mmspg'] == mmspg.__version__
    assert report['versions']['torch'] in torch.__version__
    for part in ('mmengine', 'mmcv', 'mmpretrain', 'opencv'):
        assert any(part in name for name in report['versions']), part
    assert "type='mmspg.SPGHead'" in report['config']
    assert 'num_images=4' in report['config']  # the command line's
    assert report['command'][0].endswith('test.py')
    thresholds = report['thresholds']
    assert 0 <= thresholds['loc/threshold'] <= 1
    assert 'IoU' in thresholds['loc/protocol']
    assert report['metrics']['loc/gt_known_acc'] is not None


def test_figures_that_are_not_finite_are_still_json():
    class Config:
        pretty_text = ''

    metrics = {
        'loc/acc': torch.tensor(float('nan')).numpy(),
        'loc/threshold': float('inf'),
        'per_class': {1: {'acc': [torch.tensor(2.0)]}},
        'what': object,
    }
    report = run_report(Config(), 'https://host/c.pth', metrics)
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text)['metrics']['loc/acc'] == 'nan'
    assert report['metrics']['per_class'] == {'1': {'acc': [2.0]}}
    assert report['checkpoint']['sha256'] is None
