# Table 3 of the paper: ResNet-50 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 48.79/38.93, class 26.22/8.47.
# The predictions come from
#   mim download mmpretrain --config resnet50_8xb32_in1k --dest weights
#   mim test mmpretrain weights/resnet50_8xb32_in1k.py \
#       --checkpoint weights/resnet50_8xb32_in1k_*.pth \
#       --out data/class_predictions/resnet50.pkl
# A pickle is read only when asked for (it runs what is in it):
#   python tools/test.py CONFIG CHECKPOINT --cfg-options \
#       test_evaluator.class_predictions.allow_pickle=True
_base_ = ['../presets/spg_inceptionv3_imagenet_paper.py']

test_evaluator = dict(
    type='mmspg.LocalizationMetric',
    top5_star='thresholds',
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/resnet50.pkl'
    ),
)
