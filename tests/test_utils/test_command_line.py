"""The arguments that tools share."""

import os

import pytest
import torch
from mmengine.config import Config

from mmspg.utils.cfg import (
    count_accumulation,
    input_side,
    set_data_root,
    set_input_size,
)
from mmspg.utils.checkpoint import clean_name, state_dict_of
from mmspg.utils.command_line import (
    add_model,
    add_shared,
    apply_arguments,
    errors_in_one_line,
    read_arguments,
    tool_parser,
)
from mmspg.utils.start import check_schedule
from mmspg.utils.unpickling import SAFE, UNSAFE


def read(argv, *names, required=True):
    parser = tool_parser('What it does.')
    add_model(parser, required)
    add_shared(parser, *names)
    return read_arguments(parser, argv)


@pytest.mark.parametrize(
    ('argv', 'config', 'checkpoint'),
    [
        (['e.pth'], None, 'e.pth'),
        (['c.py', 'e.pth'], 'c.py', 'e.pth'),
        (['c.py', '--input-size', '96', 'e.pth'], 'c.py', 'e.pth'),
        (['c.py'], 'c.py', None),
        ([], None, None),
    ],
)
def test_the_model(argv, config, checkpoint):
    args = read(argv, '--input-size', required=False)
    assert (args.config, args.checkpoint) == (config, checkpoint)


@pytest.mark.parametrize('given', [[], ['--allow-pickle']])
def test_allow_pickle_does_what_it_says(monkeypatch, given):
    """For every tool that declares it."""
    monkeypatch.setenv(SAFE, '1')
    monkeypatch.delenv(UNSAFE, raising=False)
    read(['e.pth', *given], '--allow-pickle')
    assert (UNSAFE if given else SAFE) in os.environ
    assert (SAFE if given else UNSAFE) not in os.environ


@pytest.mark.parametrize(
    'option',
    [
        'nothing',
        'a=[(1,2]',
        'model.head.num_classes.x=1',
        '=1',
        'max_epochs=3',  # train_cfg has it
        'optimizer.lr=1',  # optim_wrapper has it
    ],
)
def test_a_bad_key_ends_in_one_line(root, option):
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    args = read(['e.pth', '--cfg-options', option], '--cfg-options')
    with pytest.raises(SystemExit, match='--cfg-options') as error:
        with errors_in_one_line(args):
            apply_arguments(cfg, args)
    assert '\n' not in str(error.value)


def test_an_error_of_building_names_the_options():
    args = read(['e.pth', '--cfg-options', 'a=1'], '--cfg-options')
    with pytest.raises(SystemExit, match='TypeError.*a=1'):
        with errors_in_one_line(args):
            raise TypeError('unexpected keyword')
    args = read(['e.pth'], '--cfg-options')
    with pytest.raises(TypeError):  # a fault of ours keeps its traceback
        with errors_in_one_line(args):
            raise TypeError('unexpected keyword')


@pytest.mark.parametrize(
    'wrapped',
    [
        'module.head.fc.weight',
        '_orig_mod.head.fc.weight',
        'module._orig_mod.head.fc.weight',
        'head._orig_mod.fc.weight',
        'ema_model.module.head.fc.weight',
        'head.fc.weight',
    ],
)
def test_names_of_wrapped_models(wrapped):
    assert clean_name(wrapped) == 'head.fc.weight'
    tensor = torch.ones(1)
    content = dict(state_dict={wrapped: tensor, 'steps': 3})
    assert state_dict_of(content) == {'head.fc.weight': tensor}


def test_accumulated_iterations_count_in_the_lr():
    """lr x processes x batch x accumulated / base, however often asked."""
    cfg = Config(
        dict(
            optim_wrapper=dict(accumulative_counts=4),
            auto_scale_lr=dict(enable=True, base_batch_size=32),
        )
    )
    for _ in range(2):
        count_accumulation(cfg)
        assert cfg.auto_scale_lr.base_batch_size == 8


def test_the_input_size_is_that_of_the_test(root):
    """This config trains on crops of 224 and tests at 256."""
    path = 'configs/light/cam_efficientnet-lite0_imagenet.py'
    for side in (256, 224, 96):
        cfg = Config.fromfile(root / path)
        set_input_size(cfg, side)
        assert input_side(cfg.test_dataloader) == side


def test_a_resize_after_a_crop_gives_the_input_size():
    crop = dict(type='LocCrop', crop_size=(32, 28))
    resize = dict(type='LocResize', scale=(56, 64))
    for pipeline, side in (([crop, resize], 56), ([resize, crop], 28)):
        assert input_side(dict(dataset=dict(pipeline=pipeline))) == side
    assert input_side(dict(dataset=dict(pipeline=[]))) is None


def test_photographs_stay_twice_as_large_as_their_resize(root):
    path = 'configs/light/spg_efficientnet-lite0_folders.py'
    for side in (224, 448, 96):
        cfg = Config.fromfile(root / path)
        set_input_size(cfg, side)
        for part in ('train', 'val', 'test'):
            load, resize = cfg[f'{part}_dataloader'].dataset.pipeline[:2]
            assert abs(load.min_side - 2 * resize.scale[0]) <= 1


def test_a_data_root_without_effect_is_refused(root):
    cfg = Config.fromfile(root / 'configs/spg_tiny_synthetic.py')
    with pytest.raises(ValueError, match='--data-root photos has no effect'):
        set_data_root(cfg, 'photos')


@pytest.mark.parametrize(
    'loop', [dict(by_epoch=False), dict(type='IterBasedTrainLoop')]
)
def test_a_schedule_by_epochs_needs_epochs(loop):
    cosine = dict(type='CosineAnnealingLR', convert_to_iter_based=True)
    cfg = Config(dict(train_cfg=loop, param_scheduler=[cosine]))
    with pytest.raises(ValueError, match='Set by_epoch=False'):
        check_schedule(cfg)
    check_schedule(Config(dict(cfg, train_cfg=dict(by_epoch=True))))
    cfg.param_scheduler[0].end = 8
    check_schedule(cfg)
    cfg.param_scheduler[0] = dict(type='CosineAnnealingLR', by_epoch=False)
    check_schedule(cfg)
