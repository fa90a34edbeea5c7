# Hide-and-seek on ResNet-50, ILSVRC. WSOL benchmark: MaxBoxAccV2 63.40.
_base_ = [
    '../_base_/models/cam_resnet50.py',
    '../_base_/datasets/imagenet_has32_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
