"""What is compared, on what, and how it is trained: at 96 pixels, on a CPU.

See README.md, "A study", for what each name means.
"""

from studies.light import (
    CONFIG,
    HEAD,
    LESS,
    NECK,
    PAPER,
    TEN_TIMES,
    branches,
)
from study.configs import ROOT

from mmspg.utils.cfg import load_config

# What the light configs do against a collapse.
LIGHT = load_config(str(ROOT / CONFIG)).model.head
CURE = {key: LIGHT[key.removeprefix(HEAD)] for key in PAPER}
# The paper's configs, {} being cub or imagenet. A centred box of the best
# size needs no training.
SYSTEMS = {
    'centred box': None,
    'SPG-plain': dict(config='configs/spg-plain_inceptionv3_{}.py'),
    'SPG': dict(config='configs/spg_inceptionv3_{}.py'),
    'SPG, cured': dict(config='configs/spg_inceptionv3_{}.py', **CURE),
    'ACoL': dict(config='configs/baselines/acol_inceptionv3_{}.py'),
    'HaS': dict(config='configs/baselines/has_inceptionv3_{}.py'),
    'SPG without cascade': dict(
        config='configs/ablations/spg_inceptionv3_{}_no-cascade.py'
    ),
    'SPG, B not shared': dict(
        config='configs/ablations/spg_inceptionv3_{}_unshared.py'
    ),
    'SPG without C': dict(
        config='configs/ablations/spg_inceptionv3_{}_no-spg-c.py'
    ),
}

SIDE = 96


EPOCHS = 'train_cfg.max_epochs'
DATA_SETS = {
    'cub40': dict(
        config='cub',
        parts=dict(fit=25, val=5),
        changes={
            EPOCHS: 4,
            # Birds of a family tell the added layers little at first: with
            # dropout and lr 5e-5 they were still at chance after 150 steps.
            'optim_wrapper.optimizer.lr': 3e-5,
            'model.neck.dropout': 0.0,
        },
    ),
    'ilsvrc10': dict(
        config='imagenet',
        parts=dict(fit=100, val=5, val_from='test'),
        changes={EPOCHS: 2},
    ),
}

# How all systems are trained alike: optimiser, clipping, course of the lr,
# and the rest.
SCHEDULE = load_config(str(ROOT / 'configs/_base_/schedules/few_images.py'))
SHARED = {
    'optim_wrapper': dict(_delete_=True, **SCHEDULE.optim_wrapper),
    'param_scheduler': dict(_delete_=True, **SCHEDULE.param_scheduler),
    'train_dataloader.batch_size': 10,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'test_dataloader.num_workers': 0,
    'default_hooks.logger.interval': 10,
    'default_hooks.visualization.enable': False,
}

SGD = dict(_delete_=True, type='SGD', momentum=0.9, weight_decay=5e-4)
# Five times the lr, as the paper scales it over the layers: the paper's
# guidance collapses.
COLLAPSE = {
    'optim_wrapper.optimizer': SGD | dict(lr=0.005),
    **TEN_TIMES,
}
COLLAPSES = 'SGD .005, B and C at 10x, no clipping'

# Changes of the shared settings; `base` is what the tables use. The others
# are measured on the validation part only.
SETTINGS = {
    'base': {},
    # The paper's optimiser and lr, and twice the lr.
    'SGD .001': {'optim_wrapper.optimizer': SGD | dict(lr=0.001)},
    'SGD .002': {'optim_wrapper.optimizer': SGD | dict(lr=0.002)},
    COLLAPSES: COLLAPSE,
    # One part of the cure less, each.
    **{f'{COLLAPSES}, {name}': COLLAPSE | less for name, less in LESS.items()},
    'SGD .005': {'optim_wrapper.optimizer': SGD | dict(lr=0.005)},
    'B and C at 10x': branches(10),
    'B and C at 10x, no clipping': TEN_TIMES,
    'M_A .5/.1': {f'{HEAD}thresholds_a': (0.5, 0.1)},
    'M_A .7/.3': {f'{HEAD}thresholds_a': (0.7, 0.3)},
    'M_B2 .7/.1': {f'{HEAD}thresholds_b2': (0.7, 0.1)},
    'M_fuse .5/.05': {f'{HEAD}thresholds_fuse': (0.5, 0.05)},
    'at least 30 pixels': {f'{HEAD}min_foreground': 30},
    'align_corners': {f'{HEAD}align_corners': True},
    'loss_c at a tenth': {f'{HEAD}guidance_weights': dict(loss_c=0.1)},
    'no dropout': {f'{NECK}dropout': 0.0},
    # Three times as long on ilsvrc10.
    '6 epochs': {EPOCHS: 6},
    'half maps': {'model.backbone.large_feature_map': False},
    'inputs in [-1, 1]': {
        'data_preprocessor.mean': [127.5] * 3,
        'data_preprocessor.std': [127.5] * 3,
    },
    'mean and std, weights for [-1, 1]': {},  # by --pretrained
}
