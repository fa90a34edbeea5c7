# SPG on ResNet-50 as in the WSOL benchmark, with its default thresholds. B1
# sees the first block of stage 3, B2 the end of it, and stage 4, at stride 1,
# is A3. The maps are large, 28 x 28; strides=(1, 2, 2, 1) gives the other
# mode.
_base_ = ['spg_benchmark.py']

model = dict(
    backbone=dict(
        type='mmspg.TappedResNet',
        depth=50,
        strides=(1, 2, 1, 1),
        taps=('layer3.0', 'layer3', 'layer4'),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://resnet50}}',
        ),
    ),
    neck=dict(in_channels=(1024, 1024, 2048), a3_channels=(), b_channels=1024),
    head=dict(in_channels=2048),
)
