# SPG on Inception-v3 cut after Mixed_6e, as in section 3 of the paper.
_base_ = ['inceptionv3.py']

model = dict(
    neck=dict(
        type='mmspg.SPGNeck',
        in_channels=(288, 768, 768),
        a3_channels=(1024, 1024),
        b_channels=512,
        c_channels=(512, 512),  # section 3.3; section 3.1 and both codes: one
        dropout=0.5,  # as in the benchmark; the paper does not say
    ),
    head=dict(
        type='mmspg.SPGHead',
        num_classes=1000,
        in_channels=1024,
        thresholds_a=(0.7, 0.1),  # delta_h, delta_l of B2, section 3.3
        thresholds_b2=(0.5, 0.05),  # of B1, section 3.3
        thresholds_fuse=(0.7, 0.1),  # of C, in the authors' code only
        guidance_size=224,  # as in both codes
        align_corners=False,  # as in the benchmark; PyTorch 0.3 did True
        min_foreground=0,  # the 30-pixel fallback is only in both codes
    ),
)
