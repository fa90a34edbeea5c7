# ACoL on SPG's Inception-v3 as the WSOL benchmark has it; maps of 28 x 28.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.TruncatedInceptionV3',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://inception_v3_google}}',
        ),
    ),
    head=dict(
        type='mmspg.ACoLHead',
        num_classes=1000,
        in_channels=768,
        channels=(1024, 1024),
        threshold=0.6,  # the authors'; the benchmark's default is 0.7
    ),
)
