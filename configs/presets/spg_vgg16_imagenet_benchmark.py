# SPG on VGG-16 as the WSOL benchmark (Choe et al., CVPR 2020) has it, with
# its default thresholds; the lr is the paper's.
_base_ = [
    '../_base_/models/spg_vgg16.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/benchmark_10e.py',
    '../_base_/default_runtime.py',
]

optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            # The benchmark's 10x: all outside of its `features`, which end
            # with conv3; so conv4 and conv5, too.
            'features.10': dict(lr_mult=10),
            'features.11': dict(lr_mult=10),
            'features.12': dict(lr_mult=10),
            'features.14': dict(lr_mult=10),
            'features.15': dict(lr_mult=10),
            'features.16': dict(lr_mult=10),
        }
    ),
)
train_dataloader = dict(batch_size=32)
