# VGG-GAP (Zhou et al., CVPR 2016): no pool5 and no fc, a 3x3 convolution of
# 1024, GAP, classifier; maps of 14 x 14.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.SpatialVGG',
        depth=16,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://vgg16}}',
        ),
    ),
    neck=dict(
        type='mmspg.SPGNeck',  # its A3 only: 3x3 convolutions with ReLU
        in_channels=(512,),
        a3_channels=(1024,),
        dropout=0.0,
        with_b=False,
        with_c=False,
    ),
    head=dict(type='mmspg.CAMHead', num_classes=1000, in_channels=1024),
)
