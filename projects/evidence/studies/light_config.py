# SPG on EfficientNet-Lite0 at 224 on few photographs of birds: what the study
# light.py trains. Up to stride 8 the trunk is frozen, which saves a third of a
# step; masks and losses are taken at 56 x 56, four times the maps.
_base_ = [
    '../../../configs/_base_/models/spg_efficientnet-lite0.py',
    '../../../configs/_base_/datasets/cub_loc_224.py',
    '../../../configs/_base_/schedules/imagenet_3e.py',
    '../../../configs/_base_/default_runtime.py',
]

model = dict(
    data_preprocessor=dict(
        type='mmspg.ChannelsLastPreprocessor', devices=('cpu', 'cuda')
    ),
    backbone=dict(frozen_stages=2),
)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=5),
    # B and C learn as slowly as the trunk, so that they do not run away.
    paramwise_cfg=dict(
        custom_keys=dict(spg_b=dict(lr_mult=1), spg_c=dict(lr_mult=1))
    ),
)
train_cfg = dict(max_epochs=4)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.03, end=30, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=4, convert_to_iter_based=True),
]
