# CAM on ResNet-50, ILSVRC. WSOL benchmark: MaxBoxAccV2 63.65.
_base_ = [
    '../_base_/models/cam_resnet50.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
