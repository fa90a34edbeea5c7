# Backprop on GoogLeNet, ILSVRC. Table 1: top-1 error 61.31, top-5 50.55. It
# needs no training of its own: any checkpoint of cam_googlenet_imagenet.py
# will do. CAM's box rule.
_base_ = ['cam_googlenet_imagenet.py']

model = dict(
    type='mmspg.AttributionClassifier',
    attribution=dict(name='backprop'),
    smooth=0.02,  # see README.md
)

# A graph for each image and class: less at once.
val_dataloader = dict(batch_size=8)
test_dataloader = val_dataloader

val_evaluator = dict(rule='cam', thresholds=[0.2])
test_evaluator = val_evaluator
