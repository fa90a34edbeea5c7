# CAM on AlexNet, an ensemble, ILSVRC. Table 4: GT-known error 42.98. Four
# members that differ in their random classifiers. They train side by side, or
# each alone from a seed of its own and are joined by
# tools/model_converters/merge_checkpoints.py.
_base_ = ['cam_alexnet_imagenet.py']

model = dict(type='mmspg.EnsembleClassifier', members=[{}, {}, {}, {}])
