"""SPG on the light trunk at 224: does the guidance live, and what is it worth?

See README.md, "A study", for what each name means.
"""

HEAD = 'model.head.'
# Eq. (1) as the paper has it, on min-max normalised attention, at full weight
# from the first step on, foreground and background by their pixels.
PAPER = {
    f'{HEAD}thresholds_a': (0.7, 0.1),
    f'{HEAD}thresholds_b2': (0.5, 0.05),
    f'{HEAD}thresholds_fuse': (0.7, 0.1),
    f'{HEAD}attention_quantile': 1.0,
    f'{HEAD}balanced_guidance': False,
    f'{HEAD}guidance_ramp': None,
}
CONFIG = 'configs/light/spg_efficientnet-lite0_cub.py'
SYSTEMS = {
    'centred box': None,
    'SPG-plain': {
        'config': CONFIG,
        'model.neck.with_b': False,
        'model.neck.with_c': False,
        'model.head': dict(
            _delete_=True, type='mmspg.CAMHead', num_classes=40
        ),
    },
    'SPG': {'config': CONFIG, **PAPER},
    # The config's own guidance: docs/method.md says why.
    'SPG, cured': {'config': CONFIG},
}
DATA_SETS = {'cub40': dict(parts=dict(fit=25, val=5), changes={})}
ADDED = 'optim_wrapper.paramwise_cfg.custom_keys.'
# The paper's rule, under which the guidance collapses: ten times the lr on
# all added layers, and no clipping.
TEN_TIMES = {
    f'{ADDED}spg_b': dict(lr_mult=10),
    f'{ADDED}spg_c': dict(lr_mult=10),
    'optim_wrapper.clip_grad': None,
}
# One part of the cure less, each.
WITHOUT = {
    'no ramp': ('guidance_ramp',),
    'min-max seeds': ('attention_quantile', 'thresholds_a'),
    'not balanced': ('balanced_guidance',),
    "the paper's thresholds": ('thresholds_b2', 'thresholds_fuse'),
}
LESS = {
    name: {f'{HEAD}{key}': PAPER[f'{HEAD}{key}'] for key in keys}
    for name, keys in WITHOUT.items()
}
SETTINGS = {
    'base': {},
    **LESS,
    'ten times': TEN_TIMES,
    **{f'ten times, {name}': TEN_TIMES | less for name, less in LESS.items()},
}
SHARED = {
    'model.backbone.frozen_stages': 2,  # up to stride 8: a third less time
    'train_cfg.max_epochs': 4,
    'param_scheduler.1.T_max': 4,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'test_dataloader.num_workers': 0,
    'default_hooks.logger.interval': 5,
    'default_hooks.visualization.enable': False,
}
SIDE = 224
