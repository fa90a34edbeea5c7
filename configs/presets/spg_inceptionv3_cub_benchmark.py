# SPG as the WSOL benchmark (Choe et al., CVPR 2020) trains it on CUB, with
# the lr and thresholds that its random search found.
_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    neck=dict(c_channels=(512,)),
    head=dict(
        num_classes=200,
        thresholds_a=(0.28, 0.02),
        thresholds_b2=(0.17, 0.03),
        thresholds_fuse=(0.47, 0.31),
        min_foreground=30,
    ),
)

optim_wrapper = dict(
    optimizer=dict(lr=0.0003360682, weight_decay=5e-4, nesterov=True)
)
train_dataloader = dict(batch_size=32)
auto_scale_lr = dict(base_batch_size=32)
