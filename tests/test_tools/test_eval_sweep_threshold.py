"""Choose a threshold on one split, and test on another with it."""

import json
import runpy
import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmspg.evaluation.choices import (
    stored_choices,
)
from mmspg.evaluation.protocol import (
    use_stored_choice,
)
from mmspg.registry import METRICS, MODELS


@pytest.fixture
def run(root, tmp_path, monkeypatch):
    path = root / 'tools' / 'analysis_tools' / 'sweep_threshold.py'
    config = root / 'configs' / 'spg_tiny_synthetic.py'
    torch.manual_seed(0)  # a lucky network has boxes enough for a valley
    model = MODELS.build(Config.fromfile(config).model)
    checkpoint = tmp_path / 'tiny.pth'
    torch.save(dict(meta={}, state_dict=model.state_dict()), checkpoint)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')

    def run(*options):
        argv = [path, config, checkpoint, '--work-dir', 'log', *options]
        monkeypatch.setattr(sys, 'argv', list(map(str, argv)))
        runpy.run_path(str(path), run_name='__main__')
        return Config.fromfile(config), checkpoint

    yield run
    init_default_scope('mmpretrain')


def test_a_choice_is_made_drawn_stored_and_used(run, tmp_path, capsys):
    cfg, checkpoint = run(
        *('--split', 'train', '--thresholds', '10', '--into-checkpoint'),
        *('--cfg-options', 'val_dataloader.dataset.num_images=8'),
    )
    choice = json.loads((tmp_path / 'tiny.threshold.json').read_text())
    curve = choice['curves']['gt_known_acc']
    assert choice['curves']['thresholds'] == [i / 10 for i in range(10)]
    assert choice['gt_known_acc'] == max(curve)
    assert choice['threshold'] == curve.index(max(curve)) / 10
    assert choice['threshold_tight'] >= choice['threshold_loose']
    # Eight images of a random network: too few right boxes for more.
    assert (choice['valley'], choice['confidence']) == (None, None)
    assert choice['chosen_on'] == 'SyntheticLoc train, 8 images'
    assert (tmp_path / 'tiny.threshold.png').stat().st_size > 1000
    assert 'oracle by another name' not in capsys.readouterr().err

    (tmp_path / 'tiny.threshold.json').unlink()
    assert (
        stored_choices(str(checkpoint))[0]['threshold'] == choice['threshold']
    )
    use_stored_choice(cfg, str(checkpoint))
    metric = METRICS.build(cfg.test_evaluator)
    assert 'SyntheticLoc train' in metric.choice.source


def test_the_tested_split_is_pointed_out(run, capsys):
    run(
        *('--thresholds', '2', '--out', 'a/b.json', '--plot', 'c.png'),
        *('--cfg-options', 'val_dataloader.dataset.num_images=4'),
        'test_dataloader.dataset.num_images=4',
        'test_dataloader.dataset.split=val',
    )
    assert 'with this threshold is an oracle' in capsys.readouterr().err


def test_a_wrong_path_is_an_error_without_traceback(
    root, monkeypatch, tmp_path
):
    path = root / 'tools' / 'analysis_tools' / 'sweep_threshold.py'
    monkeypatch.setattr(sys, 'argv', [str(path), 'no.py', 'no.pth'])
    with pytest.raises(SystemExit, match='no config file'):
        runpy.run_path(str(path), run_name='__main__')
