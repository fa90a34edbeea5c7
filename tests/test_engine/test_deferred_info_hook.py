"""A device is waited for before a line of the log, not at every step."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import LoggerHook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch.utils._python_dispatch import TorchDispatchMode

from mmspg.engine.hooks import LossCheckHook
from mmspg.engine.hooks import loss_check_hook as module

READS = {'item', 'tolist', '__float__', '__int__', '__bool__', 'cpu', 'numpy'}


class OnDevice(torch.Tensor):
    """A tensor that seems to be on a GPU, and counts what waits for it."""

    is_cpu = False
    waits: list = []

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in READS:
            cls.waits.append(function.__name__)
        return super().__torch_function__(function, types, args, kwargs or {})


@pytest.fixture(autouse=True)
def waits():
    OnDevice.waits.clear()
    return OnDevice.waits


def config(root, folder, interval=4):
    """A training of two epochs of six steps."""
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    cfg.work_dir = cfg.experiment_name = str(folder)
    cfg.train_dataloader.dataset.num_images = 12
    cfg.train_dataloader.batch_size = 2
    cfg.train_cfg.max_epochs, cfg.model.head.guidance_size = 2, 16
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.logger.interval = interval
    return cfg


@pytest.fixture(autouse=True)
def norms(monkeypatch):
    """The norms of clipped gradients, which seem to be on the device."""
    clip, given = torch.nn.utils.clip_grad_norm_, []

    def on_device(*args, **kwargs):
        norm = clip(*args, **kwargs)
        given.append(norm.item())
        return norm.as_subclass(OnDevice)

    monkeypatch.setattr(torch.nn.utils, 'clip_grad_norm_', on_device)
    return given


def train(cfg, norms):
    """Train as on a device, and check that the log has every step."""
    runner = Runner.from_cfg(cfg)
    step, losses = runner.model.train_step, []

    def on_device(*args, **kwargs):
        outputs = step(*args, **kwargs)
        losses.append(outputs['loss'].item())
        return {k: v.as_subclass(OnDevice) for k, v in outputs.items()}

    runner.model.train_step = on_device
    runner.train()
    for name, expected in dict(loss=losses, grad_norm=norms).items():
        logged = runner.message_hub.get_scalar(f'train/{name}').data[0]
        assert logged.tolist() == expected
        assert len(expected) == 12


def test_a_training_waits_at_lines_of_the_log_and_ends(
    root, tmp_path, waits, norms
):
    train(config(root, tmp_path), norms)
    # Two hooks read after step 4 and at the end of each of two epochs.
    assert len(waits) == 2 * 2 * 2


def test_with_mmengines_hook_it_waits_at_every_step(
    root, tmp_path, waits, norms
):
    cfg = config(root, tmp_path)
    del cfg.default_hooks['runtime_info']
    train(cfg, norms)
    assert len(waits) > 12 * 10


def test_a_checkpoint_between_two_lines_has_all_losses(root, tmp_path, norms):
    cfg = config(root, tmp_path, interval=6)
    cfg.default_hooks.checkpoint.update(
        by_epoch=False, interval=3, max_keep_ckpts=-1
    )
    train(cfg, norms)
    saved = torch.load(tmp_path / 'iter_9.pth', weights_only=False)
    losses = saved['message_hub']['log_scalars']['train/loss'].data[0]
    assert len(losses) == 9


def test_a_step_of_the_network_does_not_wait(root, tmp_path):
    class Reads(TorchDispatchMode):
        seen: list = []

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            name = func.overloadpacket.__name__
            if name in ('_local_scalar_dense', 'nonzero', 'equal'):
                self.seen.append(name)
            return func(*args, **(kwargs or {}))

    cfg = config(root, tmp_path)
    cfg.model.head.guidance_ramp = None
    runner = Runner.from_cfg(cfg)
    model = runner.model
    batch = next(iter(runner.build_dataloader(runner._train_dataloader)))
    batch = model.data_preprocessor(batch, training=True)
    optim = OptimWrapper(
        torch.optim.SGD(model.parameters(), lr=0.01, fused=True)
    )
    with Reads() as reads:
        loss, outputs = model.parse_losses(model(**batch, mode='loss'))
        optim.update_params(loss)
        assert not reads.seen
        outputs['loss'].item()
        assert reads.seen


def run(hook, losses, shares=None, *, interval=4, steps=100):
    """Give the hook steps of a training that logs every ``interval``."""
    runner = SimpleNamespace(
        epoch=0,
        hooks=[LoggerHook(interval=interval)],
        train_dataloader=range(steps),
        max_iters=steps,
    )
    for i, loss in enumerate(losses):
        runner.iter = i
        outputs = dict(loss=loss, mask_a_fg=shares[i] if shares else 0.5)
        outputs = {
            k: torch.tensor(v).as_subclass(OnDevice)
            for k, v in outputs.items()
        }
        hook.after_train_iter(runner, i, None, outputs)
    return runner


def test_the_first_lost_iteration_is_named(waits):
    nan = float('nan')
    with pytest.raises(FloatingPointError, match='epoch 1, iteration 2: loss'):
        run(LossCheckHook(), [1.0, nan, nan, 1.0])
    assert len(waits) == 1


def test_no_weights_are_validated_after_a_lost_iteration():
    hook = LossCheckHook()
    runner = run(hook, [1.0, float('nan'), 1.0])
    with pytest.raises(FloatingPointError, match='iteration 2: loss nan'):
        hook.before_val(runner)


def test_no_checkpoint_is_written_after_a_lost_iteration():
    hook = LossCheckHook()
    runner = run(hook, [1.0, float('inf'), 1.0])
    with pytest.raises(FloatingPointError, match='iteration 2: loss inf'):
        hook.before_save_checkpoint(runner, dict(state_dict={}))


@pytest.mark.parametrize(
    'interval, steps, expected', [(10, 100, 10), (10**9, 120, 3)]
)
def test_reads_a_training(waits, interval, steps, expected):
    run(LossCheckHook(), [1.0] * steps, interval=interval, steps=steps)
    assert len(waits) == expected


def test_a_collapse_is_told_once_with_its_iteration(monkeypatch):
    told = []
    monkeypatch.setattr(module, 'warn', told.append)
    shares = [0.99] * 5 + [0.5] + [0.99] * 18
    run(LossCheckHook(patience=6), [1.0] * 24, shares)
    assert len(told) == 1
    assert told[0].startswith('epoch 1, iteration 12: mask_a_fg is 0.99')
