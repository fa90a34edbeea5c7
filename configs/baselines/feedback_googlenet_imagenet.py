# Feedback on GoogLeNet, ILSVRC. Table 4: GT-known error 38.80. It is not
# trained: it takes any checkpoint of cam_googlenet_imagenet.py. The box holds
# 95 % of the energy.
_base_ = ['backprop_googlenet_imagenet.py']

model = dict(attribution=dict(name='feedback', iterations=10))
val_evaluator = dict(rule='energy', thresholds=[0.95])
test_evaluator = val_evaluator
