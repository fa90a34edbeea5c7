"""What becomes of a change between the start of a training and its resume."""

import ast
import copy
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapper
from mmengine.optim.scheduler import CosineAnnealingLR, LinearLR
from mmengine.runner import EpochBasedTrainLoop

from mmspg.utils.resume import (
    ChangedRunError,
    changed_settings,
    check_same_run,
    forward_schedulers,
    piece_length,
    take_new_settings,
)

pytestmark = pytest.mark.filterwarnings('ignore')

BASE = dict(
    model=dict(
        backbone=dict(type='Net', init_cfg=dict(checkpoint='a.pth')),
        head=dict(
            type='mmspg.CAMHead',
            num_classes=4,
            score_map_topk=5,
            score_map_source='c',
        ),
        data_preprocessor=dict(mean=[1, 2, 3]),
    ),
    train_dataloader=dict(
        batch_size=4,
        num_workers=2,
        pin_memory=True,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='Birds',
            data_root='data',
            split='train',
            pipeline=[dict(type='Load'), dict(type='Crop', crop_size=56)],
        ),
    ),
    val_dataloader=dict(batch_size=4),
    train_cfg=dict(by_epoch=True, max_epochs=4, val_interval=1),
    optim_wrapper=dict(
        optimizer=dict(type='SGD', lr=0.1, weight_decay=0.01),
        clip_grad=dict(max_norm=1),
        accumulative_counts=1,
    ),
    param_scheduler=dict(type='CosineAnnealingLR', T_max=4, by_epoch=True),
    custom_hooks=[dict(type='EMAHook')],
    default_hooks=dict(logger=dict(interval=50)),
    randomness=dict(seed=0),
    auto_scale_lr=dict(base_batch_size=4, enable=False),
    sync_bn=None,
    work_dir='w',
    log_level='INFO',
)
ROW = re.compile(r'\| `([\w.]+)` \| `(.+)` \| `(.+)` \| ([^|]+) \|')
REFUSED, TOLD, NOTHING = 'refused', 'goes on, with a warning', 'goes on'


def table():
    """The rows of docs/reliability.md: setting, values, what happens."""
    text = (
        Path(__file__).parents[2].joinpath('docs/reliability.md').read_text()
    )
    for key, old, new, happens in ROW.findall(text):
        yield key, ast.literal_eval(old), ast.literal_eval(new), happens


def changed(key, value):
    """The base with one value that is another."""
    found = copy.deepcopy(BASE)
    *path, last = key.split('.')
    node = found
    for name in path:
        node = node[int(name) if isinstance(node, list) else name]
    node[int(last) if isinstance(node, list) else last] = value
    return found


@pytest.mark.parametrize(('key', 'old', 'new', 'happens'), list(table()))
def test_each_change(key, old, new, happens):
    assert changed(key, old) == BASE
    found = changed_settings(BASE, changed(key, new))
    assert [list(part) for part in found] == [
        [key] if happens == REFUSED else [],
        [key] if happens == TOLD else [],
    ]


def test_the_table_has_all_that_can_happen():
    rows = [happens for _, _, _, happens in table()]
    assert len(rows) >= 25
    assert set(rows) == {REFUSED, TOLD, NOTHING}


def checkpoint(**meta):
    return dict(meta=dict(cfg=Config(BASE).pretty_text, **meta))


def test_the_config_in_the_checkpoint_is_compared():
    same = Config(copy.deepcopy(BASE))
    check_same_run(same, checkpoint(), 'e.pth')
    other = Config(changed('train_dataloader.batch_size', 6))
    with pytest.raises(ChangedRunError) as error:
        check_same_run(other, checkpoint(), 'e.pth')
    for part in (
        'train_dataloader.batch_size was 4 and is now 6',
        'load_from=e.pth',
        '--resume-changed',
    ):
        assert part in str(error.value)
    other.resume_changed = True
    check_same_run(other, checkpoint(), 'e.pth')


EPOCHS = dict(processes=1, iterations_an_epoch=3)
ITERATIONS = dict(processes=1, iterations_a_checkpoint=3)


@pytest.mark.parametrize(
    ('numbers', 'meta', 'says'),
    [
        (EPOCHS, dict(epoch=2, iter=6), None),
        (EPOCHS, dict(epoch=2, iter=5), 'end of an epoch'),
        (
            EPOCHS,
            dict(epoch=2, iter=6, run=dict(processes=2)),
            'processes was 2',
        ),
        (
            EPOCHS,
            dict(epoch=2, iter=8, run=dict(iterations_an_epoch=4)),
            'iterations an epoch was 4',
        ),
        (ITERATIONS, dict(epoch=0, iter=6), None),
        (ITERATIONS, dict(epoch=0, iter=5), 'last regular checkpoint was 5'),
        (
            ITERATIONS,
            dict(epoch=0, iter=4, run=dict(iterations_a_checkpoint=4)),
            'iterations a checkpoint was 4',
        ),
        (
            EPOCHS,
            dict(epoch=2, iter=6, run=dict(between_steps=True)),
            'step of the optimizer was half done',
        ),
    ],
)
def test_numbers_of_a_run(numbers, meta, says):
    cfg = Config(BASE)
    if says is None:
        check_same_run(cfg, checkpoint(**meta), 'e.pth', numbers)
        return
    with pytest.raises(ChangedRunError, match=says):
        check_same_run(cfg, checkpoint(**meta), 'e.pth', numbers)


def test_a_training_may_end_between_two_checkpoints():
    """More iterations go on from its last checkpoint."""
    cfg = Config(dict(BASE, train_cfg=dict(by_epoch=False, max_iters=7)))
    check_same_run(cfg, checkpoint(iter=7), 'e.pth', ITERATIONS)
    with pytest.raises(ChangedRunError, match='was 5 and is now 3'):
        check_same_run(cfg, checkpoint(iter=5), 'e.pth', ITERATIONS)


def test_a_piece_ends_where_iterations_are_saved():
    by_epoch = CheckpointHook(interval=2)
    by_iteration = CheckpointHook(interval=3, by_epoch=False)
    runner = SimpleNamespace(train_loop=None, hooks=[by_epoch])
    assert piece_length(runner) == 0
    runner.hooks.append(by_iteration)
    assert piece_length(runner) == 3


def optimizer(lr, steps):
    """A wrapper, and schedules over so many iterations."""
    net = torch.nn.Linear(2, 1)
    wrapper = OptimWrapper(
        torch.optim.SGD(net.parameters(), lr, momentum=0.9, weight_decay=0)
    )
    schedulers = [
        LinearLR(wrapper, 0.1, by_epoch=False, end=steps // 2),
        CosineAnnealingLR(wrapper, T_max=steps, by_epoch=False),
    ]
    return net, wrapper, schedulers


def test_new_settings_go_on_where_they_would_be():
    """The lr is that of a run that had the new settings from its start."""
    net, wrapper, _ = optimizer(0.1, 8)
    net(torch.ones(1, 2)).sum().backward()
    wrapper.step()
    saved = wrapper.state_dict()
    momentum = saved['state'][0]['momentum_buffer'].clone()

    net, wrapper, schedulers = optimizer(0.5, 40)
    loop = EpochBasedTrainLoop.__new__(EpochBasedTrainLoop)
    loop.dataloader, loop._epoch, loop._iter = range(10), 3, 30
    runner = SimpleNamespace(
        optim_wrapper=wrapper, train_loop=loop, param_schedulers=schedulers
    )
    content = dict(
        meta=dict(epoch=3, iter=6), optimizer=saved, param_schedulers=[]
    )
    take_new_settings(runner, content)
    assert content['meta']['iter'] == 30
    assert 'param_schedulers' not in content
    wrapper.load_state_dict(content['optimizer'])
    forward_schedulers(runner)

    _, unbroken, schedulers = optimizer(0.5, 40)
    for _ in range(30):
        for scheduler in schedulers:
            scheduler.step()
    assert wrapper.get_lr() == unbroken.get_lr()
    state = wrapper.state_dict()['state'][0]
    assert torch.equal(state['momentum_buffer'], momentum)


def test_another_optimizer_begins_anew():
    adam = torch.optim.Adam(torch.nn.Linear(2, 1).parameters())
    _, wrapper, schedulers = optimizer(0.5, 40)
    content = dict(meta=dict(epoch=1, iter=2), optimizer=adam.state_dict())
    loop = SimpleNamespace(epoch=1, iter=2)
    take_new_settings(
        SimpleNamespace(
            optim_wrapper=wrapper, train_loop=loop, param_schedulers=schedulers
        ),
        content,
    )
    assert 'optimizer' not in content


def test_other_words_for_the_same_schedule_are_no_change():
    new = copy.deepcopy(BASE)
    new['param_scheduler'] = dict(type='CosineAnnealingLR')
    new['auto_scale_lr']['base_batch_size'] = 8  # it is not enabled
    assert changed_settings(BASE, new) == ({}, {})
    by_iteration = changed('param_scheduler.by_epoch', False)
    assert (
        'param_scheduler.by_epoch' in changed_settings(BASE, by_iteration)[0]
    )
    new['param_scheduler']['begin'] = 1
    names = {'param_scheduler.begin', 'param_scheduler.T_max'}
    assert changed_settings(BASE, new)[0].keys() == names
