# CAM (Zhou et al., CVPR 2016): a 3x3 convolution to 1024 channels, GAP and a
# classifier. A config that inherits this one names the trunk and its channels.
model = dict(
    type='ImageClassifier',
    neck=dict(
        type='mmspg.SPGNeck',  # only its A3: 3x3 convolutions with ReLU
        a3_channels=(1024,),
        dropout=0.0,
        with_b=False,
        with_c=False,
    ),
    head=dict(type='mmspg.CAMHead', num_classes=1000, in_channels=1024),
)
