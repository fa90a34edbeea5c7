"""Each hook works in a training, a validation and a test alone."""

import inspect

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmspg.engine import hooks

HOOKS = [
    cls
    for _, cls in inspect.getmembers(hooks, inspect.isclass)
    if issubclass(cls, Hook)
]
# What a hook needs beyond its name.
SETTINGS = {
    'CompileHook': dict(backend='eager'),
    'AtomicCheckpointHook': dict(interval=1, save_best='loc/gt_known_acc'),
    'LocalizationVisualizationHook': dict(enable=True, interval=2),
}
RUNS = {'train', 'val', 'test'}


def config(root, folder):
    """A training of two steps, with every hook that there is."""
    cfg = Config.fromfile(root / 'configs' / 'spg_tiny_synthetic.py')
    cfg.work_dir = str(folder)
    for split in RUNS:
        loader = cfg[f'{split}_dataloader']
        loader.dataset.num_images, loader.batch_size = 4, 2
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks = dict(
        timer=cfg.default_hooks.timer,
        logger=cfg.default_hooks.logger,
        param_scheduler=cfg.default_hooks.param_scheduler,
        sampler_seed=cfg.default_hooks.sampler_seed,
    )
    cfg.custom_hooks = [
        dict(type=f'mmspg.{cls.__name__}', **SETTINGS.get(cls.__name__, {}))
        for cls in HOOKS
    ]
    return cfg


@pytest.mark.parametrize('run', sorted(RUNS))
def test_every_hook(root, tmp_path, run):
    """Every override that belongs to the run is called, and none fails."""
    runner = Runner.from_cfg(config(root, tmp_path))
    ours = [hook for hook in runner.hooks if type(hook) in HOOKS]
    assert {type(hook) for hook in ours} == set(HOOKS)
    called, wanted = set(), set()
    stages = [run] if run != 'train' else ['train', 'val', 'run']
    for hook in ours:
        for name in vars(type(hook)):
            if name.split('_')[0] not in ('before', 'after'):
                continue
            place = (type(hook).__name__, name)
            if name.split('_')[1] in stages:
                wanted.add(place)

            call = getattr(hook, name)

            def note(*args, place=place, call=call, **kwargs):
                called.add(place)
                return call(*args, **kwargs)

            setattr(hook, name, note)
    getattr(runner, run)()
    assert wanted - called == set()
