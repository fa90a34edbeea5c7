# ACoL on Inception-v3, ILSVRC. WSOL benchmark: MaxBoxAccV2 63.69.
_base_ = [
    '../_base_/models/acol_inceptionv3.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
