# ADL on Inception-v3, ILSVRC. WSOL benchmark: MaxBoxAccV2 61.43. The layers
# lie where the benchmark has them: behind Mixed_5d, Mixed_6e and the last
# convolution of A3.
_base_ = ['cam_inceptionv3_imagenet.py']

adl = dict(type='mmspg.ADL', drop_rate=0.75, drop_threshold=0.9)
model = dict(
    type='mmspg.PluginClassifier',
    plugins=[
        dict(after='backbone.Mixed_5d', layer=adl),
        dict(after='backbone.Mixed_6e', layer=adl),
        dict(after='neck.a3.relu2', layer=adl),
    ],
)
