# CAM on AlexNet, ILSVRC. Table 1: top-1 error 67.19, top-5 52.16; Table 4:
# GT-known error 45.01.
_base_ = [
    '../_base_/models/cam_alexnet.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
