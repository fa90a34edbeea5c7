# MWP on GoogLeNet, ILSVRC. Table 4: GT-known error 38.70. It needs no
# training of its own: any checkpoint of cam_googlenet_imagenet.py will do.
# Read at the second pool. The box is that of what exceeds alpha times the
# mean; alpha is tuned, about 1.5.
_base_ = ['cam_googlenet_imagenet.py']

model = dict(
    type='mmspg.AttributionClassifier',
    attribution=dict(name='excitation', layer='backbone.maxpool2'),
)

# A graph for each image and class: less at once.
val_dataloader = dict(batch_size=8)
test_dataloader = val_dataloader

val_evaluator = dict(
    rule='mean', thresholds=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0], threshold=1.5
)
test_evaluator = val_evaluator
