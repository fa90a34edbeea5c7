# SPG on ResNet-50 as the WSOL benchmark (Choe et al., CVPR 2020) has it, with
# its default thresholds; the lr is the paper's.
_base_ = [
    '../_base_/models/spg_resnet50.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/benchmark_10e.py',
    '../_base_/default_runtime.py',
]

optim_wrapper = dict(
    # The benchmark's 10x: stage 4 only.
    paramwise_cfg=dict(
        _delete_=True, custom_keys={'layer4': dict(lr_mult=10)}
    ),
)
train_dataloader = dict(batch_size=32)
