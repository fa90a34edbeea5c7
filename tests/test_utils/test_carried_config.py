"""The config in a checkpoint is read, and never run."""

import re

import pytest
from mmengine.config import Config

from mmspg.utils.carried_config import (
    carried_config,
    compare_preprocessing,
    follow_checkpoint,
    parse_config,
)
from mmspg.utils.cfg import input_side, merge_options, set_input_size

pytestmark = pytest.mark.quick


def carrying(text, **meta):
    return dict(meta=dict(cfg=text, **meta))


def test_every_config_of_ours_comes_back(root):
    """A few of each kind; all would take a minute."""
    files = sorted(p for p in (root / 'configs').glob('*/*cub*.py'))
    assert len(files) > 9
    for file in [*files[::4], root / 'configs' / 'spg_tiny_synthetic.py']:
        cfg = Config.fromfile(file)
        found = carried_config(carrying(cfg.pretty_text), 'e.pth')
        assert found.to_dict() == cfg.to_dict()


@pytest.mark.parametrize(
    'text',
    [
        'import os',
        'a = open("mark", "w")',
        'a = [__import__("os")]',
        'a = dict(b=dict(c=exec("1")))',
        'a = (lambda: 1)()',
        'a = [x for x in (1,)]',
        'a = {**dict(b=1), "c": print()}',
        'a.b = 1',
        'a = ' + '[' * 5000 + ']' * 5000,
        'a =',
    ],
)
def test_more_than_literals_is_refused(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match='.'):
        parse_config(text)
    with pytest.raises(ValueError, match='CONFIG e.pth'):
        carried_config(carrying(text), 'e.pth')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'kind',
    ['os.system', 'mmengine.load', 'subprocess.run', 'Nowhere', 'a.b.C'],
)
def test_types_that_nobody_registered_are_refused(kind):
    """MMEngine would import and call whatever the name says."""
    text = f'model = dict(head=dict(type={kind!r}, command="touch mark"))'
    with pytest.raises(ValueError, match=f'type {kind!r}'):
        carried_config(carrying(text), 'e.pth')


def test_a_checkpoint_without_config(tmp_path):
    for content in ({}, dict(meta={}), dict(meta=None), carrying(3)):
        with pytest.raises(ValueError, match='carries no config'):
            carried_config(content, 'e.pth')


@pytest.mark.parametrize('key', ['localization', 'cfg'])
def test_the_input_size_of_the_training(root, key):
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    trained = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    set_input_size(trained, 96)
    meta = dict(cfg=trained.pretty_text)
    if key == 'localization':
        meta = dict(localization=dict(input_size=96))
    follow_checkpoint(cfg, dict(meta=meta))
    assert input_side(cfg.test_dataloader) == 96
    assert cfg.test_dataloader == trained.test_dataloader


@pytest.mark.parametrize('place', ['', 'model.'])
def test_another_normalisation_is_told_with_what_restores_it(
    root, monkeypatch, place
):
    """The option in the message silences it."""
    told = []
    monkeypatch.setattr('mmspg.utils.carried_config.warn', told.append)
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    settings = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=True)
    cfg.merge_from_dict({f'{place}data_preprocessor': settings})
    content = dict(meta=dict(cfg=cfg.pretty_text))
    compare_preprocessing(cfg, content)
    compare_preprocessing(cfg, dict(meta={}))
    # mmcls 0.x had it in the pipeline.
    older = 'model = dict(type=1)\nimg_norm_cfg = dict(mean=[0])'
    compare_preprocessing(cfg, dict(meta=dict(cfg=older)))
    compare_preprocessing(cfg, dict(meta=dict(cfg='model = 1')))
    assert not told
    changed = dict(mean=(0, 0, 0), to_rgb=False)
    cfg.merge_from_dict({f'{place}data_preprocessor': changed})
    compare_preprocessing(cfg, content)
    options = re.findall(r"'(\S+=[^']+)'", told.pop())
    assert len(options) == 2
    wrapped = cfg.copy()
    wrapped.model = dict(type='mmspg.TenCropTTA', module=cfg.model)
    compare_preprocessing(wrapped, content)
    assert re.findall(r"'(\S+=[^']+)'", told.pop()) == options
    merge_options(cfg, options)
    compare_preprocessing(cfg, content)
    assert not told


def test_the_views_that_go_with_the_checkpoint(root):
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    views = dict(flip=True, scales=[1.0, 1.5])
    follow_checkpoint(cfg, dict(meta=dict(localization={})))
    assert 'score_map_views' not in cfg.model
    follow_checkpoint(cfg, dict(meta=dict(localization=dict(views=views))))
    assert cfg.model.score_map_views == views
    assert cfg.model.type == 'mmspg.ViewsClassifier'


def test_the_steps_that_go_with_the_checkpoint(root):
    """They reach every metric that boxes maps and names no steps."""
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    cfg.test_evaluator = [
        dict(type='mmspg.LocalizationMetric'),
        dict(type='mmspg.MaxBoxAcc'),
        dict(type='mmspg.LocalizationMetric', score_map_steps=['ivr']),
    ]
    steps = ['max', dict(type='percentile', q=0.8)]
    follow_checkpoint(
        cfg, dict(meta=dict(localization=dict(score_map_steps=steps)))
    )
    assert cfg.test_evaluator[0].score_map_steps == steps
    assert 'score_map_steps' not in cfg.test_evaluator[1]
    assert cfg.test_evaluator[2].score_map_steps == ['ivr']
    follow_checkpoint(cfg, dict(meta=dict(localization={})))
    assert cfg.test_evaluator[0].score_map_steps == steps
