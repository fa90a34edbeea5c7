# Hide-and-seek on VGG-16, CUB-200-2011. WSOL benchmark: MaxBoxAccV2 63.71.
_base_ = [
    '../_base_/models/cam_vgg16.py',
    '../_base_/datasets/cub_has32_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))
