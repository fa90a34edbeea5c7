"""SPG on the paper's trunk, Inception-v3, at 224 or less, with the cure.

See README.md, "A study", for what each name means.
"""

from studies.light import CANDIDATES, LESS, NECK, QUANTILE, TEN_TIMES
from studies.small import EPOCHS, SCHEDULE
from studies.small import SYSTEMS as SMALL

NAMES = 'centred box', 'SPG-plain', 'SPG', 'SPG, cured'
SYSTEMS = {name: SMALL[name] for name in NAMES}
SLOW = {'optim_wrapper.optimizer.lr': 3e-5, f'{NECK}dropout': 0.0}
DATA_SETS = {
    'cub40': dict(
        config='cub', parts=dict(fit=25, val=5), changes={EPOCHS: 6} | SLOW
    ),
    'ilsvrc10': dict(
        config='imagenet',
        parts=dict(fit=600, val=10, val_from='test'),
        changes={EPOCHS: 2},
    ),
}
SETTINGS = {
    'base': {},
    'as it is': {},  # the same, not measured on the test part
    **LESS,
    'quantile seeds': QUANTILE,
    'teacher': CANDIDATES['teacher'],
    'ten times': TEN_TIMES,
}
SHARED = {
    'custom_imports': dict(imports=['study.candidates']),
    'optim_wrapper': dict(_delete_=True, **SCHEDULE.optim_wrapper),
    'param_scheduler': dict(_delete_=True, **SCHEDULE.param_scheduler),
    'optim_wrapper.constructor': 'mmspg.MergedGroupsConstructor',
    'optim_wrapper.optimizer.fused': True,
    'train_dataloader.batch_size': 16,
    'train_dataloader.num_workers': 1,
    'test_dataloader.num_workers': 1,
    'default_hooks.checkpoint.max_keep_ckpts': 1,
    'default_hooks.logger.interval': 10,
    'default_hooks.visualization.enable': False,
}
SIDE = 224
