# Table 3 of the paper: DPN-92 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 45.06/37.32, class 17.70/3.83.
# The predictions come from
#   MMSPG_TIMM_MODEL=dpn92 python tools/test.py \
#       configs/_base_/external_classifier/timm_imagenet.py dpn92.pth \
#       --out data/class_predictions/dpn92.pkl
# A pickle is read only when asked for (it runs what is in it):
#   python tools/test.py CONFIG CHECKPOINT --cfg-options \
#       test_evaluator.class_predictions.allow_pickle=True
_base_ = ['../presets/spg_inceptionv3_imagenet_paper.py']

test_evaluator = dict(
    type='mmspg.LocalizationMetric',
    top5_star='thresholds',
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn92.pkl'
    ),
)
