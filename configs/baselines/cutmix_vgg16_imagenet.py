# CutMix on VGG-16, ILSVRC. WSOL benchmark: MaxBoxAccV2 59.46.
_base_ = ['cam_vgg16_imagenet.py']

model = dict(
    type='mmspg.BatchAugmentClassifier',
    train_cfg=dict(augments=dict(type='CutMix', alpha=1.0)),
    head=dict(loss=dict(type='CrossEntropyLoss', use_soft=True)),
)
