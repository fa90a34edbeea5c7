# SPG on ResNet-50 as the WSOL benchmark has it, with its default thresholds:
# B1 sees the first block of stage 3, B2 the end of it; stage 4, at stride 1,
# is A3. Large maps, 28 x 28; strides=(1, 2, 2, 1) gives its other mode.
model = dict(
    type='ImageClassifier',
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
    neck=dict(
        type='mmspg.SPGNeck',
        in_channels=(1024, 1024, 2048),
        a3_channels=(),
        b_channels=1024,
        c_channels=(512,),
        dropout=0.0,
    ),
    head=dict(
        type='mmspg.SPGHead',
        num_classes=1000,
        in_channels=2048,
        thresholds_a=(0.7, 0.01),
        thresholds_b2=(0.5, 0.05),
        thresholds_fuse=(0.7, 0.1),
        guidance_size=224,
        min_foreground=30,
    ),
)
