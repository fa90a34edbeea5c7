# CAM on GoogLeNet, CUB-200-2011. Table 2: top-1 error 59.00, top-5 not given.
_base_ = [
    '../_base_/models/cam_googlenet.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/cub_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=200))

# torchvision's weights expect inputs in [-1, 1].
data_preprocessor = dict(
    mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5], to_rgb=True
)
