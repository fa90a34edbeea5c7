# Table 3 of the paper: DPN-98 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 44.92/37.34, class 17.42/3.67.
# The predictions come from
#   MMSPG_TIMM_MODEL=dpn98 python tools/test.py \
#       configs/_base_/external_classifier/timm_imagenet.py dpn98.pth \
#       --out data/class_predictions/dpn98.pkl
_base_ = ['../_base_/external_classifier/spg_inceptionv3.py']

test_evaluator = dict(
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn98.pkl'
    )
)
