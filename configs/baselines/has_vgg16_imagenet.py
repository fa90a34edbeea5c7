# Hide-and-seek on VGG-16, ILSVRC. WSOL benchmark: MaxBoxAccV2 60.59.
_base_ = [
    '../_base_/models/cam_vgg16.py',
    '../_base_/datasets/imagenet_has32_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
