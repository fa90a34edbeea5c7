# SPG on VGG-16 as the WSOL benchmark has it, with its default thresholds: B1
# sees conv4, B2 conv5, A3 is two convolutions of 512. Large maps, 28 x 28; its
# other mode is pool4='stride2_overlap' and a first tap 'features.13'.
model = dict(
    type='ImageClassifier',
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
        type='mmspg.SPGNeck',
        in_channels=(512, 512, 512),
        a3_channels=(512, 512),
        b_channels=512,
        c_channels=(512,),
        dropout=0.0,
    ),
    head=dict(
        type='mmspg.SPGHead',
        num_classes=1000,
        in_channels=512,
        thresholds_a=(0.7, 0.01),
        thresholds_b2=(0.5, 0.05),
        thresholds_fuse=(0.7, 0.1),
        guidance_size=224,
        min_foreground=30,
    ),
)
