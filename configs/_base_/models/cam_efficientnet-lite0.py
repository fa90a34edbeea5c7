# CAM of EfficientNet-Lite0 as Google trained it: its own classifier of 1000
# classes becomes the 1x1 convolution over the maps that it pools. Nothing is
# trained; the weights are pip's ([lite]).
model = dict(
    type='mmspg.FittedClassifier',  # fills in the channels
    # What it was trained with: (RGB - 127) / 128.
    data_preprocessor=dict(mean=[127] * 3, std=[128] * 3, to_rgb=True),
    backbone=dict(
        type='mmspg.AnyTrunk',
        trunk=dict(type='timm/tf_efficientnet_lite0', output_stride=16),
        head_conv=True,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:pip://lite0}}',
        ),
    ),
    head=dict(type='mmspg.CAMHead', num_classes=1000),
)
