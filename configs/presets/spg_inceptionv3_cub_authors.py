# SPG as released with the paper, without its faults.
_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/cub_loc_321.py',
    '../_base_/schedules/authors_5e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    neck=dict(
        c_channels=(512,),  # as in section 3.1
        dropout=0.0,  # written, but without effect on PyTorch 0.3
    ),
    head=dict(
        num_classes=200,
        thresholds_a=(0.7, 0.05),
        align_corners=True,  # what bilinear meant on PyTorch 0.3
        min_foreground=30,
    ),
)

val_evaluator = dict(align_corners=True)
test_evaluator = val_evaluator
