"""What a training tells while it runs, and what it keeps to itself."""

import io
import logging
import shlex
import sys
import warnings
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmspg.engine.hooks import ProgressHook
from mmspg.utils.noise import (
    hide_on_terminal,
    ignore_warnings,
    quiet_printing,
)


class Hub:
    """A message hub of one loss and one estimate."""

    log_scalars = ('train/loss',)

    def get_scalar(self, name):
        return SimpleNamespace(current=lambda: dict(loss=0.5)[name[6:]])

    def get_info(self, name, default=None):
        return dict(eta=75.4).get(name, default)


@pytest.fixture
def runner():
    terminal, file = io.StringIO(), io.StringIO()
    logger = logging.Logger('tests')
    logger.addHandler(logging.StreamHandler(terminal))
    as_file = logging.FileHandler('unused', delay=True)
    as_file.stream = file
    logger.addHandler(as_file)
    return SimpleNamespace(
        logger=logger,
        log_dir='work/1',
        cfg=Config(dict(optim_wrapper=dict(optimizer=dict(lr=0.1)))),
        train_dataloader=DataLoader(range(80), batch_size=4),
        terminal=terminal,
        file=file,
        message_hub=Hub(),
        epoch=0,
        iter=0,
        max_epochs=2,
        max_iters=40,
        val_dataloader=range(8),
    )


def train(runner, hook, seconds):
    """Take a step a second."""
    hook.before_train(runner)
    for runner.iter in range(seconds):
        runner.epoch = runner.iter // 20
        hook.after_train_iter(runner, runner.iter % 20)
    hook.after_train(runner)


def test_lines_where_there_is_no_terminal(runner, monkeypatch):
    monkeypatch.setattr(sys, 'stdout', io.StringIO())
    train(
        runner,
        ProgressHook(seconds=10, clock=lambda: runner.iter),
        seconds=25,
    )
    plan, _, *lines = runner.terminal.getvalue().splitlines()
    assert plan == (
        '80 images, batch 4, 2 epochs, 40 steps, lr 0.1, '
        'images loaded by the main process'
    )
    assert lines == [
        f'training, epoch {epoch} of 2, step {step} of 40: '
        'loss 0.50, 0:01:15 left'
        for epoch, step in ((1, 1), (1, 11), (2, 21))
    ]


def test_a_bar_on_a_terminal(runner, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, 'stdout', screen)
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '100')
    train(runner, ProgressHook(), seconds=40)
    shown = screen.getvalue()
    assert '40/40' in shown
    assert 'loss 0.50, 0:01:15 left' in shown
    assert 'step 1' not in runner.terminal.getvalue()
    assert sys.stdout is screen  # given back


def test_a_validation_ends_with_its_figures(runner):
    hook = ProgressHook(clock=lambda: 0)
    runner.epoch = 1
    hook.after_val_iter(runner, 2)
    hook.after_val_epoch(
        runner,
        {
            'loc/cls_top1_acc': 71.23,
            'loc/gt_known_acc': 60.0,
            'loc/oracle_gt_known_acc': 99.0,
        },
    )
    assert runner.terminal.getvalue().splitlines() == [
        'validating, epoch 1 of 2, step 0 of 40: batch 3 of 8',
        'validation of epoch 1: class top-1 71.2 %, GT-known 60.0 %',
    ]


def test_the_commands_that_follow_can_be_pasted(runner):
    checkpoint = "my work/it's/epoch_1.pth"
    runner.work_dir = 'my work'
    runner.message_hub.get_info = lambda name, default=None: checkpoint
    ProgressHook().after_train(runner)
    _, *commands = runner.terminal.getvalue().splitlines()
    assert [shlex.split(command)[-1] for command in commands] == [
        *(checkpoint, checkpoint),
        'my work',
    ]


def test_the_file_keeps_what_the_terminal_hides(runner):
    hide_on_terminal(runner.logger)
    lines = (
        'Config:\nmodel = dict()',
        'paramwise_options -- neck.weight:lr=0.1',
        'Checkpoints will be saved to work.',
        'a checkpoint without a config',
    )
    for line in lines:
        runner.logger.info(line)
    assert runner.terminal.getvalue() == lines[-1] + '\n'
    assert runner.file.getvalue() == '\n'.join(lines) + '\n'


def test_only_named_lines_that_are_printed_are_dropped(capsys):
    with quiet_printing():
        print('Could not import OneDL')
        print('Loads checkpoint by local backend from path: a.pth')
        print('Could not import OneDL of another kind')
    assert (
        capsys.readouterr().out == 'Could not import OneDL of another kind\n'
    )


def test_only_named_warnings_are_ignored():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        ignore_warnings()
        warnings.warn(
            "'pin_memory' argument is set as true but no "
            'accelerator is found, then',
            stacklevel=1,
        )
        warnings.warn("'pin_memory' argument is wrong", stacklevel=1)
    assert [str(w.message) for w in told] == ["'pin_memory' argument is wrong"]
