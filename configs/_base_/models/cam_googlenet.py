# GoogLeNet-GAP (Zhou et al., CVPR 2016): cut after inception4e, a 3x3
# convolution of 1024, GAP, classifier; maps of 14 x 14. The trunk is
# torchvision's, with BatchNorm, not Caffe's; see its docstring.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.TruncatedGoogLeNet',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://googlenet}}',
        ),
    ),
    neck=dict(
        type='mmspg.SPGNeck',  # its A3 only: 3x3 convolutions with ReLU
        in_channels=(832,),
        a3_channels=(1024,),
        dropout=0.0,
        with_b=False,
        with_c=False,
    ),
    head=dict(type='mmspg.CAMHead', num_classes=1000, in_channels=1024),
)
