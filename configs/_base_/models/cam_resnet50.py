# CAM on ResNet-50 as in the WSOL benchmark: stage 4 at stride 1, GAP and a
# classifier. The maps are 14 x 14.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.TappedResNet',
        depth=50,
        strides=(1, 2, 2, 1),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://resnet50}}',
        ),
    ),
    head=dict(type='mmspg.CAMHead', num_classes=1000, in_channels=2048),
)
