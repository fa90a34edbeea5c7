# ACoL on ResNet-50 as the WSOL benchmark has it: stages 3 and 4 at stride 1,
# maps of 28 x 28, two classifiers.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.TappedResNet',
        depth=50,
        strides=(1, 2, 1, 1),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://resnet50}}',
        ),
    ),
    head=dict(
        type='mmspg.ACoLHead',
        num_classes=1000,
        in_channels=2048,
        channels=(1024, 1024),
        threshold=0.6,  # the authors'; the benchmark's default is 0.7
    ),
)
