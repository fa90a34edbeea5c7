# Feedback on GoogLeNet, ILSVRC. Table 4: GT-known error 38.80. It needs no
# training of its own: any checkpoint of cam_googlenet_imagenet.py will do.
# The box holds 95 % of the energy.
_base_ = ['cam_googlenet_imagenet.py']

model = dict(
    type='mmspg.AttributionClassifier',
    attribution=dict(name='feedback', iterations=10),
    smooth=0.02,  # see README.md
)

# A graph for each image and class: less at once.
val_dataloader = dict(batch_size=8)
test_dataloader = val_dataloader

val_evaluator = dict(rule='energy', thresholds=[0.95])
test_evaluator = val_evaluator
