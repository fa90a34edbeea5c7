# SPG on EfficientNet-Lite0: B1 sees stride 8, B2 stride 16, A the last stage.
_base_ = ['efficientnet-lite0.py']

model = dict(
    neck=dict(
        type='mmspg.SPGNeck',
        a3_channels=(256, 256),
        b_channels=128,
        c_channels=(128,),
        dropout=0.0,
    ),
    # The paper's masks swing from all foreground to all background. These do
    # not: foreground and background weigh alike, and the guidance has its full
    # weight only after two fifths of the training.
    head=dict(
        type='mmspg.SPGHead',
        num_classes=1000,
        thresholds_b2=(0.7, 0.3),
        thresholds_fuse=(0.7, 0.3),
        balanced_guidance=True,
        guidance_ramp=(0.2, 0.4),
        guidance_size=56,  # four times the maps
    ),
)
