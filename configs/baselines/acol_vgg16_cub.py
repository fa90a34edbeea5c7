# ACoL on VGG-16, CUB-200-2011. Table 2: top-1 error 54.08, top-5 43.49; WSOL
# benchmark: MaxBoxAccV2 57.38.
_base_ = [
    '../_base_/models/acol_vgg16.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))
