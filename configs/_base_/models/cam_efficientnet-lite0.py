# CAM of EfficientNet-Lite0 as Google trained it: its own classifier of 1000
# classes becomes the 1x1 convolution over the maps that it pools. Nothing is
# trained.
_base_ = ['efficientnet-lite0.py']

model = dict(
    backbone=dict(head_conv=True),
    head=dict(type='mmspg.CAMHead', num_classes=1000),
)
