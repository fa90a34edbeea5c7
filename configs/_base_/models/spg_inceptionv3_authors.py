# SPG as released with the paper, without its faults.
_base_ = ['spg_inceptionv3.py']

model = dict(
    neck=dict(
        c_channels=(512,),  # as in section 3.1
        dropout=0.0,  # the code has it, but PyTorch 0.3 did not apply it
    ),
    head=dict(
        thresholds_a=(0.7, 0.05),
        align_corners=True,  # as PyTorch 0.3 did
        min_foreground=30,
    ),
)
