# VGG-GAP (Zhou et al., CVPR 2016): no pool5 and no fc, but a 3x3 convolution
# to 1024 channels, GAP and a classifier. The maps are 14 x 14.
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
