# c-MWP on GoogLeNet, ILSVRC. No table has this row. It is not trained: it
# takes any checkpoint of cam_googlenet_imagenet.py. It is contrastive: what
# speaks for the opposite class is subtracted. The rest is as in MWP.
_base_ = ['mwp_googlenet_imagenet.py']

model = dict(attribution=dict(contrastive=True))
