# Table 3 of the paper: DPN-131 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 44.81/37.24, class 17.08/3.42.
# The predictions come from
#   MMSPG_TIMM_MODEL=dpn131 python tools/test.py \
#       configs/_base_/external_classifier/timm_imagenet.py dpn131.pth \
#       --out data/class_predictions/dpn131.pkl
_base_ = ['../_base_/external_classifier/spg_inceptionv3.py']

test_evaluator = dict(
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn131.pkl'
    )
)
