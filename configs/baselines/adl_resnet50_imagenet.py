# ADL on ResNet-50, ILSVRC. WSOL benchmark: MaxBoxAccV2 63.65. The layers lie
# where the benchmark has them: behind the first block of stage 3, the first
# and the last of stage 4.
_base_ = ['cam_resnet50_imagenet.py']

adl = dict(type='mmspg.ADL', drop_rate=0.75, drop_threshold=0.9)
model = dict(
    type='mmspg.PluginClassifier',
    plugins=[
        dict(after='backbone.layer3.0', layer=adl),
        dict(after='backbone.layer4.0', layer=adl),
        dict(after='backbone.layer4.2', layer=adl),
    ],
)
