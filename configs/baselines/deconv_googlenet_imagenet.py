# Deconv on GoogLeNet, ILSVRC. Table 4: GT-known error 41.60. It is not
# trained: it takes any checkpoint of cam_googlenet_imagenet.py. Settings and
# box rule are those of Backprop.
_base_ = ['backprop_googlenet_imagenet.py']

model = dict(attribution=dict(name='deconv'))
