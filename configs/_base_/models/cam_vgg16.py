# VGG-GAP (Zhou et al., CVPR 2016): no pool5 and no fc, a 3x3 convolution of
# 1024, GAP, classifier; maps of 14 x 14.
_base_ = ['cam.py']

model = dict(
    backbone=dict(
        type='mmspg.SpatialVGG',
        depth=16,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://vgg16}}',
        ),
    ),
    neck=dict(in_channels=(512,)),
)
