# Hide-and-seek on GoogLeNet, ILSVRC. Table 1: top-1 error 54.53, top-5 not
# given; Table 4: GT-known error 39.43.
_base_ = [
    '../_base_/models/cam_googlenet.py',
    '../_base_/datasets/imagenet_has32_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]

# torchvision's weights expect inputs in [-1, 1].
data_preprocessor = dict(
    mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5], to_rgb=True
)
