# SPG as released with the paper, without its faults.
_base_ = [
    '../_base_/models/spg_inceptionv3_authors.py',
    '../_base_/datasets/imagenet_loc_321.py',
    '../_base_/schedules/authors_5e.py',
    '../_base_/default_runtime.py',
]

val_evaluator = dict(align_corners=True)
test_evaluator = val_evaluator
