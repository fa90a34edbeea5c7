# SPG on any trunk: model.backbone.trunk names it, a backbone of mmpretrain or
# 'timm/NAME'. The maps for B1, B2 and A and their channels are found.
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
