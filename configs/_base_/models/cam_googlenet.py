# GoogLeNet-GAP (Zhou et al., CVPR 2016): GoogLeNet cut after inception4e, a
# 3x3 convolution to 1024 channels, GAP and a classifier. The maps are 14 x 14.
# The trunk is torchvision's, with BatchNorm, not Caffe's; see its docstring.
_base_ = ['cam.py']

model = dict(
    backbone=dict(
        type='mmspg.TruncatedGoogLeNet',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://googlenet}}',
        ),
    ),
    neck=dict(in_channels=(832,)),
)
