# SPG on a trunk of five convolutions: for the embedded data set and tests.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmspg.TinyTrunk', channels=(16, 32, 48, 64, 64)),
    neck=dict(
        type='mmspg.SPGNeck',
        in_channels=(48, 64, 64),
        a3_channels=(64, 64),
        b_channels=32,
        c_channels=(32, 32),
        dropout=0.5,
    ),
    head=dict(
        type='mmspg.SPGHead', num_classes=4, in_channels=64, guidance_size=56
    ),
)
