# CAM on VGG-16, ILSVRC. Table 1: top-1 error 57.20, top-5 45.14; WSOL
# benchmark: MaxBoxAccV2 60.02.
_base_ = [
    '../_base_/models/cam_vgg16.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
