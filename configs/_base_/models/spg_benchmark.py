# SPG on the WSOL benchmark's other trunks, with its default thresholds. A
# config that inherits this one names the trunk and its channels.
model = dict(
    type='ImageClassifier',
    neck=dict(type='mmspg.SPGNeck', c_channels=(512,), dropout=0.0),
    head=dict(
        type='mmspg.SPGHead',
        num_classes=1000,
        thresholds_a=(0.7, 0.01),
        thresholds_b2=(0.5, 0.05),
        thresholds_fuse=(0.7, 0.1),
        guidance_size=224,
        min_foreground=30,
    ),
)
