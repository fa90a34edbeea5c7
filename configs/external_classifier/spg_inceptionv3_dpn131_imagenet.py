# Table 3 of the paper: DPN-131 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 44.81/37.24, class 17.08/3.42.
# The predictions come from
#   MMSPG_TIMM_MODEL=dpn131 python tools/test.py \
#       configs/_base_/external_classifier/timm_imagenet.py dpn131.pth \
#       --out data/class_predictions/dpn131.pkl
# A pickle is read only when asked for (it runs what is in it):
#   python tools/test.py CONFIG CHECKPOINT --cfg-options \
#       test_evaluator.class_predictions.allow_pickle=True
_base_ = ['../presets/spg_inceptionv3_imagenet_paper.py']

test_evaluator = dict(
    type='mmspg.LocalizationMetric',
    top5_star='thresholds',
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn131.pkl'
    ),
)
