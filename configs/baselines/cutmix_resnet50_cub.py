# CutMix on ResNet-50, CUB-200-2011. WSOL benchmark: MaxBoxAccV2 62.76.
_base_ = ['cam_resnet50_cub.py']

model = dict(
    type='mmspg.BatchAugmentClassifier',
    train_cfg=dict(augments=dict(type='CutMix', alpha=1.0)),
    head=dict(loss=dict(type='CrossEntropyLoss', use_soft=True)),
)
