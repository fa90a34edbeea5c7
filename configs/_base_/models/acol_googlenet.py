# ACoL (Zhang et al., CVPR 2018) on torchvision's GoogLeNet, cut after
# inception4e, the third pool at stride 1: maps of 28 x 28, two classifiers.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.TruncatedGoogLeNet',
        large_feature_map=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://googlenet}}',
        ),
    ),
    head=dict(
        type='mmspg.ACoLHead',
        num_classes=1000,
        in_channels=832,
        channels=(1024, 1024),
        threshold=0.6,  # the authors'; the benchmark's default is 0.7
    ),
)
