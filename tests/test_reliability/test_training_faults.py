"""A full disk, a broken image, a dead worker, a lost loss: what happens."""

import os
import resource
import signal

import cv2
import numpy as np
import pytest
from forked_runs import CONFIG, needs_fork, same_bits, train

pytestmark = needs_fork


def ends_with(outcome, *parts):
    """It failed, and its last lines say what, where and what to do."""
    assert outcome.code == 1, outcome.output
    last = '\n'.join(outcome.output.strip().splitlines()[-3:])
    for part in parts:
        assert part in last, outcome.output
    return True


def in_log(work_dir):
    """The text of all log files of a work dir."""
    return '\n'.join(p.read_text() for p in work_dir.glob('*/*.log'))


# -- a full disk -------------------------------------------------------------


def test_full_disk_then_room_again(tmp_path, unbroken):
    """The kernel refuses the second checkpoint; the first one is kept."""
    work_dir = tmp_path / 'run'
    size = (unbroken / 'epoch_3.pth').stat().st_size

    def fill():
        from mmspg.utils import atomic

        write = atomic.AtomicLocalBackend.put

        def put(self, content, path):
            if 'epoch_2' in str(path):
                _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, hard))
            write(self, content, path)

        atomic.AtomicLocalBackend.put = put

    outcome = train(work_dir, prepare=fill)
    assert ends_with(
        outcome, 'epoch_2.pth', 'File too large', 'untouched', '--resume'
    )
    assert 'epoch_2.pth' in in_log(work_dir)
    assert (work_dir / 'last_checkpoint').read_text().endswith('epoch_1.pth')
    assert sorted(p.name for p in work_dir.glob('*pth*')) == ['epoch_1.pth']
    again = train(work_dir, '--resume')
    assert again.code == 0, again.output
    assert same_bits(work_dir / 'epoch_3.pth', unbroken / 'epoch_3.pth')


def test_full_disk_under_the_log(tmp_path):
    """One line, not a traceback for each line that is lost."""

    def fill():
        from mmspg.engine.hooks import EpochSeedHook

        seed = EpochSeedHook.before_train_epoch

        def before_train_epoch(self, runner):
            seed(self, runner)
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**14, hard))

        EpochSeedHook.before_train_epoch = before_train_epoch

    outcome = train(tmp_path / 'run', prepare=fill)
    assert ends_with(outcome, 'cannot write the log', 'File too large', 'Free')
    assert 'Traceback' not in outcome.output


# -- broken images -----------------------------------------------------------


@pytest.fixture
def birds(tmp_path):
    """A data set on the disk, of which image 5 is cut short."""
    root = tmp_path / 'data'
    split = root / 'meta' / 'train'
    split.mkdir(parents=True)
    dice = np.random.default_rng(0)
    names = [f'{i}.jpg' for i in range(12)]
    for name in names:
        image = dice.integers(0, 255, (64, 64, 3), np.uint8)
        assert cv2.imwrite(str(root / name), image)
    whole = (root / '5.jpg').read_bytes()
    (root / '5.jpg').write_bytes(whole[: len(whole) // 2])
    (split / 'image_ids.txt').write_text('\n'.join(names))
    labels = [f'{name},{i % 4}' for i, name in enumerate(names)]
    (split / 'class_labels.txt').write_text('\n'.join(labels))
    # A config of its own: WSOLMetadata has not SyntheticLoc's arguments.
    config = tmp_path / 'birds.py'
    config.write_text(
        f'_base_ = [{str(CONFIG)!r}]\n'
        'train_dataloader = dict(dataset=dict(_delete_=True,\n'
        f"    type='mmspg.WSOLMetadata', data_root={str(root)!r},\n"
        f'    metadata_root={str(root / "meta")!r}, split="train",\n'
        "    broken_images='error',\n"
        '    pipeline={{_base_.train_pipeline}}))\n'
    )
    return config


def train_on(config, work_dir, policy, workers, *args):
    options = {
        'train_dataloader.dataset.broken_images': policy,
        'train_dataloader.num_workers': workers,
        'train_cfg.max_epochs': 2,
    }
    return train(work_dir, *args, options=options, config=config)


@pytest.mark.parametrize(
    'workers', [pytest.param(0, marks=pytest.mark.slow), 1]
)
def test_a_broken_image_ends_the_training(tmp_path, birds, workers):
    outcome = train_on(birds, tmp_path / 'run', 'error', workers)
    assert ends_with(outcome, 'broken_images=replace', '--resume')
    assert '5.jpg' in outcome.output
    assert '5.jpg' in in_log(tmp_path / 'run')


@pytest.mark.parametrize(
    'workers', [pytest.param(0, marks=pytest.mark.slow), 2]
)
def test_or_is_replaced_and_listed(tmp_path, birds, workers):
    work_dir = tmp_path / 'run'
    outcome = train_on(birds, work_dir, 'replace', workers)
    assert outcome.code == 0, outcome.output
    assert (work_dir / 'epoch_2.pth').is_file()
    lines = [
        line for line in in_log(work_dir).splitlines() if 'Broken' in line
    ]
    # One process, or one worker an epoch, finds it, and tells once.
    assert len(lines) == (2 if workers else 1), lines
    assert all('5.jpg' in line and 'replaced' in line for line in lines)


@pytest.mark.slow
def test_the_replacement_is_the_same_in_every_run(tmp_path, birds):
    for name in ('one', 'two'):
        outcome = train_on(birds, tmp_path / name, 'replace', 0)
        assert outcome.code == 0, outcome.output
    assert same_bits(
        tmp_path / 'one' / 'epoch_2.pth', tmp_path / 'two' / 'epoch_2.pth'
    )


# -- a worker process that dies ----------------------------------------------


def test_a_dead_worker_ends_the_training(tmp_path, unbroken):
    """Killed in the second epoch, as the system does for want of memory."""
    options = {'train_dataloader.num_workers': 1}
    straight = train(tmp_path / 'straight', options=options)
    assert straight.code == 0, straight.output

    def prepare():
        from mmspg.datasets import SyntheticLoc
        from mmspg.engine.hooks import EpochSeedHook

        epochs, seed = [], EpochSeedHook.before_train_epoch
        read = SyntheticLoc.prepare_data
        parent = os.getpid()

        def before_train_epoch(self, runner):
            epochs.append(runner.epoch)
            seed(self, runner)

        def prepare_data(self, index):
            if len(epochs) == 2 and os.getpid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)
            return read(self, index)

        EpochSeedHook.before_train_epoch = before_train_epoch
        SyntheticLoc.prepare_data = prepare_data

    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=prepare, options=options)
    assert ends_with(outcome, 'num_workers', 'memory', '--resume')
    assert 'DataLoader worker' in in_log(work_dir)
    again = train(work_dir, '--resume', options=options)
    assert again.code == 0, again.output
    assert same_bits(
        work_dir / 'epoch_3.pth', tmp_path / 'straight' / 'epoch_3.pth'
    )


# -- a loss that is not finite -----------------------------------------------


def lose(at, value):
    """Let the classification loss of an iteration be that."""
    from mmspg.models.heads import SPGHead

    original, calls = SPGHead.loss, []

    def loss(self, *args, **kwargs):
        losses = original(self, *args, **kwargs)
        calls.append(0)
        if len(calls) == at:
            name = next(iter(losses))
            losses[name] = losses[name] * value
        return losses

    SPGHead.loss = loss


@pytest.mark.parametrize(
    'value',
    [float('nan'), pytest.param(float('inf'), marks=pytest.mark.slow)],
)
def test_a_lost_loss_ends_the_training(tmp_path, unbroken, value):
    """At iteration 5, the second of epoch 2; epoch 1 is what remains."""
    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=lambda: lose(5, value))
    assert ends_with(
        outcome, 'epoch 2, iteration 5', 'learning rate', '--resume'
    )
    assert 'epoch 2, iteration 5' in in_log(work_dir)
    assert (work_dir / 'last_checkpoint').read_text().endswith('epoch_1.pth')
    again = train(work_dir, '--resume')
    assert again.code == 0, again.output
    assert same_bits(work_dir / 'epoch_3.pth', unbroken / 'epoch_3.pth')


def test_lost_weights_are_not_saved(tmp_path):
    """The loss of the epoch's last step was finite, what it did is not."""

    def prepare():
        from mmspg.engine.hooks import LossCheckHook

        check = LossCheckHook.after_train_iter

        def after_train_iter(self, runner, *args, **kwargs):
            check(self, runner, *args, **kwargs)
            if runner.iter == 5:  # the last of epoch 2
                next(runner.model.parameters()).data.fill_(float('inf'))

        LossCheckHook.after_train_iter = after_train_iter

    work_dir = tmp_path / 'run'
    outcome = train(work_dir, prepare=prepare)
    assert ends_with(outcome, 'not finite', 'no checkpoint is written')
    assert [p.name for p in work_dir.glob('*.pth')] == ['epoch_1.pth']
    assert (work_dir / 'last_checkpoint').read_text().endswith('epoch_1.pth')
