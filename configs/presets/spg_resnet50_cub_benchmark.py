# SPG on ResNet-50 as the WSOL benchmark (Choe et al., CVPR 2020) trains it on
# CUB, with the lr and thresholds that its random search found.
_base_ = [
    '../_base_/models/spg_resnet50.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(
        num_classes=200,
        thresholds_a=(0.41, 0.35),
        thresholds_b2=(0.24, 0.21),
        thresholds_fuse=(0.12, 0.08),
    )
)

optim_wrapper = dict(
    optimizer=dict(lr=0.00004521947, weight_decay=1e-4, nesterov=True),
    # The benchmark's 10x: stage 4 only.
    paramwise_cfg=dict(
        _delete_=True, custom_keys={'layer4': dict(lr_mult=10)}
    ),
)
train_dataloader = dict(batch_size=32)
auto_scale_lr = dict(base_batch_size=32)
