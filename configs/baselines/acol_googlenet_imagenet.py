# ACoL on GoogLeNet, ILSVRC. Table 1: top-1 error 53.28, top-5 42.58; Table 4:
# GT-known error 37.04.
_base_ = [
    '../_base_/models/acol_googlenet.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]

# torchvision's weights expect inputs in [-1, 1].
data_preprocessor = dict(
    mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5], to_rgb=True
)
