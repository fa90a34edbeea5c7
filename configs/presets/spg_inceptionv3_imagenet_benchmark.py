# SPG as the WSOL benchmark (Choe et al., CVPR 2020) re-implements it, with
# its default thresholds.
_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/benchmark_10e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    neck=dict(c_channels=(512,)),
    head=dict(thresholds_a=(0.7, 0.01), min_foreground=30),
)

train_dataloader = dict(batch_size=32)
