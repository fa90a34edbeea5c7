# c-MWP on GoogLeNet, ILSVRC. No table has this row. It needs no training of
# its own: any checkpoint of cam_googlenet_imagenet.py will do. Contrastive:
# less what speaks for the opposite class. Read at the second pool; box as of
# MWP.
_base_ = ['cam_googlenet_imagenet.py']

model = dict(
    type='mmspg.AttributionClassifier',
    attribution=dict(
        name='excitation',
        layer='backbone.maxpool2',
        contrastive=True,
    ),
)

# A graph for each image and class: less at once.
val_dataloader = dict(batch_size=8)
test_dataloader = val_dataloader

val_evaluator = dict(
    rule='mean', thresholds=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0], threshold=1.5
)
test_evaluator = val_evaluator
