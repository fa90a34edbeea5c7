# SPG on VGG-16 as the WSOL benchmark (Choe et al., CVPR 2020) trains it on
# CUB, with the lr and thresholds that its random search found.
_base_ = [
    '../_base_/models/spg_vgg16.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(
        num_classes=200,
        thresholds_a=(0.29, 0.23),
        thresholds_b2=(0.03, 0.02),
        thresholds_fuse=(0.82, 0.59),
    )
)

optim_wrapper = dict(
    optimizer=dict(lr=0.00012558923, weight_decay=5e-4, nesterov=True),
    paramwise_cfg=dict(
        # The benchmark's 10x: all outside of its `features`, which end with
        # conv3; so conv4 and conv5, too.
        custom_keys={
            f'features.{i}': dict(lr_mult=10) for i in (10, 11, 12, 14, 15, 16)
        }
    ),
)
train_dataloader = dict(batch_size=32)
auto_scale_lr = dict(base_batch_size=32)
