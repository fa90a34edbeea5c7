# ACoL (Zhang et al., CVPR 2018) on VGG-16: pool4 at stride 1 and no pool5,
# maps of 28 x 28, two classifiers.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.SpatialVGG',
        depth=16,
        pool4='stride1',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://vgg16}}',
        ),
    ),
    head=dict(
        type='mmspg.ACoLHead',
        num_classes=1000,
        in_channels=512,
        channels=(1024, 1024),
        threshold=0.6,  # the authors'; the benchmark's default is 0.7
    ),
)
