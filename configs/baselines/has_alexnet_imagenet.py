# Hide-and-seek on AlexNet, ILSVRC. Table 4: GT-known error 41.26. The table
# does not name the cell size; here it is 32.
_base_ = [
    '../_base_/models/cam_alexnet.py',
    '../_base_/datasets/imagenet_has32_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]
