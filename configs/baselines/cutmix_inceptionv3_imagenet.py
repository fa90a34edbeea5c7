# CutMix on Inception-v3, ILSVRC. WSOL benchmark: MaxBoxAccV2 63.86.
_base_ = ['cam_inceptionv3_imagenet.py']

model = dict(
    type='mmspg.BatchAugmentClassifier',
    train_cfg=dict(augments=dict(type='CutMix', alpha=1.0)),
    head=dict(loss=dict(type='CrossEntropyLoss', use_soft=True)),
)
