# ACoL on SPG's Inception-v3 as the WSOL benchmark has it; maps of 28 x 28.
_base_ = ['inceptionv3.py']

model = dict(
    head=dict(
        type='mmspg.ACoLHead',
        num_classes=1000,
        in_channels=768,
        channels=(1024, 1024),
        threshold=0.6,  # the authors'; the benchmark's default is 0.7
    ),
)
