# SPG on any trunk: name it as model.backbone.trunk, a backbone of mmpretrain
# or 'timm/NAME'. Its maps for B1, B2 and A are found, and so are the channels.
model = dict(
    type='mmspg.FittedClassifier',
    backbone=dict(type='mmspg.AnyTrunk'),
    neck=dict(
        type='mmspg.SPGNeck',
        a3_channels=(512,),
        b_channels=256,
        c_channels=(256,),
        dropout=0.0,
    ),
    head=dict(type='mmspg.SPGHead', num_classes=1000),
)
