# SPG on VGG-16 as in the WSOL benchmark, with its default thresholds. B1 sees
# conv4, B2 conv5, and A3 has two convolutions of 512. The maps are large,
# 28 x 28; pool4='stride2_overlap' and a first tap 'features.13' give the other
# mode.
_base_ = ['spg_benchmark.py']

model = dict(
    backbone=dict(
        type='mmspg.SpatialVGG',
        depth=16,
        pool4='none',
        taps=('features.12', 'features.16', 'features.16'),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://vgg16}}',
        ),
    ),
    neck=dict(
        in_channels=(512, 512, 512), a3_channels=(512, 512), b_channels=512
    ),
    head=dict(in_channels=512),
)
