# ADL on VGG-16, ILSVRC. WSOL benchmark: MaxBoxAccV2 59.86. The layers lie
# where the benchmark has them: behind pool3, conv4_3 and conv5_3.
_base_ = ['cam_vgg16_imagenet.py']

adl = dict(type='mmspg.ADL', drop_rate=0.75, drop_threshold=0.9)
model = dict(
    type='mmspg.PluginClassifier',
    plugins=[
        dict(after='backbone.features.9', layer=adl),
        dict(after='backbone.features.12', layer=adl),
        dict(after='backbone.features.16', layer=adl),
    ],
)
