"""What ends a run, and what only warns."""

from types import SimpleNamespace

import pytest
import torch

from mmspg.engine.hooks import LossCheckHook
from mmspg.engine.hooks import loss_check_hook as module


@pytest.fixture
def warnings(monkeypatch):
    told = []
    monkeypatch.setattr(module, 'warn', lambda text, *_: told.append(text))
    return told


def step(hook, iteration=0, **outputs):
    runner = SimpleNamespace(epoch=iteration // 10, iter=iteration)
    outputs = {name: torch.tensor(v) for name, v in outputs.items()}
    hook.after_train_iter(runner, iteration % 10, None, outputs)


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
def test_a_lost_run_ends_and_says_why(value):
    with pytest.raises(FloatingPointError) as error:
        step(
            LossCheckHook(),
            12,
            loss=value,
            loss_cls=1.5,
            loss_b2=value,
            mask_a_fg=0.31,
        )
    text = str(error.value)
    for part in ('epoch 2', 'iteration 13', f'loss_b2 {value}', '0.31'):
        assert part in text
    assert 'loss_cls' not in text
    for advice in ('paramwise_cfg', 'clip_grad', 'checkpoint'):
        assert advice in text


def test_other_numbers_may_be_anything(warnings):
    step(LossCheckHook(), loss=2.0, accuracy=float('nan'))
    assert not warnings


def test_collapse_is_told_once_a_mask(warnings):
    hook = LossCheckHook(limit=0.9, patience=3)
    for i in range(20):
        step(hook, i, loss=1.0, mask_b2_fg=0.99, mask_fuse_fg=0.5)
    assert len(warnings) == 1
    assert 'mask_b2_fg is 0.99' in warnings[0]
    assert 'iteration 3' in warnings[0]
    for i in range(20, 25):
        step(hook, i, loss=1.0, mask_b2_fg=0.1, mask_fuse_fg=0.95)
    assert len(warnings) == 2
    assert 'mask_fuse_fg' in warnings[1]


def test_a_short_burst_and_other_shares_are_no_collapse(warnings):
    hook = LossCheckHook(limit=0.9, patience=3)
    for i in range(20):
        fg = 0.5 if i % 3 == 2 else 1.0
        step(hook, i, loss=1.0, mask_b2_fg=fg, mask_a_bg=1.0)
    assert not warnings


def test_by_default_a_mask_collapses_above_19_of_20_pixels(warnings):
    hook = LossCheckHook()
    for i in range(200):
        step(hook, i, loss=1.0, mask_a_fg=0.94, mask_b2_fg=0.96)
    (text,) = warnings
    assert 'iteration 50: mask_b2_fg' in text


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_that_are_lost_are_not_written(value):
    hook, runner = LossCheckHook(), SimpleNamespace(epoch=1, iter=20)
    state = dict(good=torch.ones(3), steps=torch.tensor(7))
    hook.before_save_checkpoint(runner, dict(state_dict=state))
    state['bad'] = torch.tensor([1.0, value])
    with pytest.raises(FloatingPointError, match='1 tensors .* bad among'):
        hook.before_save_checkpoint(runner, dict(state_dict=state))


def test_a_mask_at_the_limit_has_not_collapsed(warnings):
    hook = LossCheckHook(limit=0.5, patience=1)
    step(hook, loss=1.0, mask_b2_fg=0.5)
    assert not warnings
    step(hook, loss=1.0, mask_b2_fg=0.75)
    assert warnings
