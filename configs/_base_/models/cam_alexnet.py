# AlexNet-GAP (Zhou et al., CVPR 2016): pool5 at stride 1, two 3x3 convolutions
# to 512 channels, GAP and a classifier. The trunk is torchvision's AlexNet,
# not Caffe's. It pads, so an input of 224 gives the maps of 13 x 13 that
# Caffe's has at 227.
_base_ = ['cam.py']

model = dict(
    backbone=dict(
        type='mmspg.SpatialAlexNet',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://alexnet}}',
        ),
    ),
    neck=dict(in_channels=(256,), a3_channels=(512, 512)),
    head=dict(in_channels=512),
)
