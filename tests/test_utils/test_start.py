"""What a training says of its start before anything is built."""

import shlex

import pytest
from mmengine.config import Config, DictAction

from mmspg.utils import start

IMAGENET = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
HALF = dict(mean=[127] * 3, std=[128] * 3)


def told_of(monkeypatch, trunk, colours, own=False, **more):
    told = []
    monkeypatch.setattr(start, 'warn', told.append)
    backbone = dict(type='mmspg.AnyTrunk', trunk=trunk)
    cfg = Config(dict(model=dict(backbone=backbone), work_dir='none', **more))
    (cfg.model if own else cfg)['data_preprocessor'] = dict(colours)
    start.check_start(cfg)
    return told, cfg


@pytest.mark.parametrize('own', [False, True])
def test_weights_of_timm_with_other_colours(monkeypatch, own):
    pytest.importorskip('timm')
    vit = dict(type='timm/vit_small_patch16_224', pretrained=True)
    (told,), cfg = told_of(monkeypatch, vit, IMAGENET, own)
    # What the message says to add mends it.
    options = shlex.split(told.partition('--cfg-options ')[2])
    cfg.merge_from_dict(
        {
            key: DictAction._parse_iterable(value)
            for key, value in (option.split('=') for option in options)
        }
    )
    colours = (cfg.model if own else cfg).data_preprocessor
    assert colours == dict(mean=[127.5] * 3, std=[127.5] * 3)
    assert not told_of(monkeypatch, vit, colours, own)[0]


@pytest.mark.parametrize(
    'trunk, colours',
    [
        (dict(type='timm/resnet18', pretrained=True), IMAGENET),
        (dict(type='timm/tf_efficientnet_lite0', pretrained=True), HALF),
        ('timm/vit_small_patch16_224', IMAGENET),  # from random weights
        (dict(type='timm/vit_small_patch16_224', pretrained=True), {}),
        (dict(type='timm/of_my_own', pretrained=True), IMAGENET),
        (dict(type='ResNet', depth=18), IMAGENET),
    ],
)
def test_no_word_without_reason(monkeypatch, trunk, colours):
    assert not told_of(monkeypatch, trunk, colours)[0]
