# The paper's SPG draws the boxes, and another classifier names the classes. A
# config that inherits this one names the file of the class predictions. A
# pickle can run any code, so it is read only if you ask for it:
#   python tools/test.py CONFIG CHECKPOINT --cfg-options \
#       test_evaluator.class_predictions.allow_pickle=True
_base_ = ['../../presets/spg_inceptionv3_imagenet_paper.py']

test_evaluator = dict(top5_star='thresholds')
