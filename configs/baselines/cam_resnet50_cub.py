# CAM on ResNet-50, CUB-200-2011. WSOL benchmark: MaxBoxAccV2 62.98.
_base_ = [
    '../_base_/models/cam_resnet50.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))
