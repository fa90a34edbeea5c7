# ACoL on VGG-16, ILSVRC. Table 1: top-1 error 54.17, top-5 40.57; WSOL
# benchmark: MaxBoxAccV2 57.43.
_base_ = [
    '../_base_/models/acol_vgg16.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
