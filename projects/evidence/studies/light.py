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
# What keeps the guidance alive: docs/method.md says why.
CURE = {
    f'{HEAD}thresholds_a': (0.9, 0.2),
    f'{HEAD}thresholds_b2': (0.7, 0.3),
    f'{HEAD}thresholds_fuse': (0.7, 0.3),
    f'{HEAD}attention_quantile': 0.9,
    f'{HEAD}balanced_guidance': True,
    f'{HEAD}guidance_ramp': (0.2, 0.4),
}

# Masks and losses at four times the side of the maps.
SIZE = {f'{HEAD}guidance_size': 56}

CONFIG = 'projects/evidence/studies/light_config.py'
SYSTEMS = {
    'centred box': None,
    'SPG-plain': {
        'config': CONFIG,
        'model.neck.with_b': False,
        'model.neck.with_c': False,
        f'{HEAD}type': 'mmspg.CAMHead',
    },
    'SPG': {'config': CONFIG, **SIZE, **PAPER},
    'SPG, cured': {'config': CONFIG, **SIZE, **CURE},
}
DATA_SETS = {'cub40': dict(parts=dict(fit=25, val=5), changes={})}
SETTINGS = {'base': {}}
SHARED = {
    'train_dataloader.batch_size': 16,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'test_dataloader.num_workers': 0,
    'default_hooks.logger.interval': 5,
    'default_hooks.visualization.enable': False,
}
SIDE = 224
