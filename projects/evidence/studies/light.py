"""SPG on the light trunk at 224: does the guidance live, and what is it worth?

See README.md, "A study", for what each name means.
"""

HEAD, NECK = 'model.head.', 'model.neck.'
# The paper's thresholds, full weight from the first step on, foreground and
# background by their pixels.
PAPER = {
    f'{HEAD}thresholds_b2': (0.5, 0.05),
    f'{HEAD}thresholds_fuse': (0.7, 0.1),
    f'{HEAD}balanced_guidance': False,
    f'{HEAD}guidance_ramp': None,
}
CONFIG = 'configs/light/spg_efficientnet-lite0_cub.py'
CURED = {'config': CONFIG}  # the config's own guidance
SYSTEMS = {
    'centred box': None,
    'SPG-plain': {
        'config': CONFIG,
        f'{NECK}with_b': False,
        f'{NECK}with_c': False,
        'model.head': dict(_delete_=True, type='mmspg.CAMHead', num_classes=1),
    },
    'SPG': {'config': CONFIG, **PAPER},
    'SPG, cured': CURED,
    'SPG, cured, C apart': {**CURED, f'{NECK}type': 'mmspg.CutNeck'},
    'SPG, cured, without cascade': {**CURED, f'{HEAD}cascade': False},
    'SPG, cured, B not shared': {**CURED, f'{NECK}share_b': False},
    'SPG, cured, without C': {**CURED, f'{NECK}with_c': False},
}


EPOCHS = 'train_cfg.max_epochs'
DATA_SETS = {
    'cub40': dict(parts=dict(fit=25, val=5), changes={EPOCHS: 8}),
    'ilsvrc10': dict(
        parts=dict(fit=600, val=10, val_from='test'), changes={EPOCHS: 2}
    ),
}
ADDED = 'optim_wrapper.paramwise_cfg.custom_keys.'


def branches(times):
    return {f'{ADDED}{name}': dict(lr_mult=times) for name in BRANCHES}


BRANCHES = 'spg_b', 'spg_c'
# The paper's rule, under which the guidance collapses: ten times the lr on
# all added layers, and no clipping.
TEN_TIMES = {**branches(10), 'optim_wrapper.clip_grad': None}
# One part of the cure less, each.
WITHOUT = {
    'no ramp': ('guidance_ramp',),
    'not balanced': ('balanced_guidance',),
    "the paper's thresholds": ('thresholds_b2', 'thresholds_fuse'),
}
LESS = {
    name: {f'{HEAD}{key}': PAPER[f'{HEAD}{key}'] for key in keys}
    for name, keys in WITHOUT.items()
}
QUANTILE = {
    f'{HEAD}type': 'mmspg.SeedsHead',
    f'{HEAD}quantile': 0.9,
    f'{HEAD}thresholds_a': (0.9, 0.2),
}
# PyTorch's own, which is smaller than Xavier's.
INIT = dict(
    type='Kaiming',
    layer='Conv2d',
    a=5**0.5,
    mode='fan_in',
    nonlinearity='leaky_relu',
    distribution='uniform',
)
# Each judged alone; study/candidates.py has those that are no options.
CANDIDATES = {
    'late ramp': {f'{HEAD}guidance_ramp': (0.4, 0.6)},
    'prior': {f'{NECK}type': 'mmspg.PriorNeck'},
    'teacher': {f'{HEAD}type': 'mmspg.TeacherHead'},
    'C cut': {f'{NECK}type': 'mmspg.CutNeck'},
    'loss_c at a tenth': {f'{HEAD}guidance_weights': dict(loss_c=0.1)},
    'hard pixels': {f'{HEAD}type': 'mmspg.HardPixelHead'},
    'positive seeds': {f'{HEAD}type': 'mmspg.PositiveSeedsHead'},
    'per class': {
        f'{HEAD}type': 'mmspg.PerClassHead',
        f'{NECK}type': 'mmspg.PerClassNeck',
        f'{NECK}num_classes': 1,
    },
    "PyTorch's init": {f'{NECK}init_cfg': INIT, f'{HEAD}init_cfg': INIT},
    'branches at 10x': branches(10),
    'twice the lr': {'optim_wrapper.optimizer.lr': 2e-4},
    'half the lr': {'optim_wrapper.optimizer.lr': 5e-5},
    '28 x 28 maps': {
        'model.backbone.trunk.output_stride': 8,
        f'{HEAD}guidance_size': 112,
    },
    # Of a network without guidance.
    'stride 8': {'model.backbone.trunk.output_stride': 8},
    'first stages frozen': {'model.backbone.frozen_stages': 2},
    '16 epochs': {EPOCHS: 16},
    'dropout': {f'{NECK}dropout': 0.5},
    'seeds .7/.3': {f'{HEAD}thresholds_a': (0.7, 0.3)},
    'seeds .5/.1': {f'{HEAD}thresholds_a': (0.5, 0.1)},
}
SETTINGS = {
    'base': {},
    'as it is': {},  # the same, not measured on the test part
    **LESS,
    **CANDIDATES,
    # The cure as it was first, before its parts were judged.
    'quantile seeds': QUANTILE,
    **{f'quantile seeds, {k}': QUANTILE | v for k, v in LESS.items()},
    **{f'quantile seeds, {k}': QUANTILE | v for k, v in CANDIDATES.items()},
    'ten times': TEN_TIMES,
    **{f'ten times, {name}': TEN_TIMES | less for name, less in LESS.items()},
}
SHARED = {
    'optim_wrapper.optimizer.fused': True,
    'custom_imports': dict(imports=['study.candidates']),
    'train_dataloader.num_workers': 1,
    'train_dataloader.persistent_workers': True,
    'test_dataloader.num_workers': 1,
    'default_hooks.checkpoint.max_keep_ckpts': 1,
    'default_hooks.logger.interval': 10,
    'default_hooks.visualization.enable': False,
}
SIDE = 224
