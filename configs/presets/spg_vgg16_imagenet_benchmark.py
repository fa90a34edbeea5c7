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
        # The benchmark's 10x: all outside of its `features`, which end with
        # conv3; so conv4 and conv5, too.
        custom_keys={
            f'features.{i}': dict(lr_mult=10) for i in (10, 11, 12, 14, 15, 16)
        }
    ),
)
train_dataloader = dict(batch_size=32)
