# ADL on ResNet-50, CUB-200-2011. WSOL benchmark: MaxBoxAccV2 58.33. The
# layers lie where the benchmark has them: behind the first block of stage 3,
# the first and the last of stage 4.
_base_ = ['cam_resnet50_cub.py']

adl = dict(type='mmspg.ADL', drop_rate=0.75, drop_threshold=0.9)
model = dict(
    type='mmspg.PluginClassifier',
    plugins=[
        dict(after='backbone.layer3.0', layer=adl),
        dict(after='backbone.layer4.0', layer=adl),
        dict(after='backbone.layer4.2', layer=adl),
    ],
)
