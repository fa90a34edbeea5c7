_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/tta/ten_crop_224.py',
    '../_base_/default_runtime.py',
]
