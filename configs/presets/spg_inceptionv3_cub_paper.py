_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/tta/ten_crop_224.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))
