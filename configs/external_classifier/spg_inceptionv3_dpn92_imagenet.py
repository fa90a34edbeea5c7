# Table 3 of the paper: DPN-92 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 45.06/37.32, class 17.70/3.83.
# The predictions come from
#   MMSPG_TIMM_MODEL=dpn92 python tools/test.py \
#       configs/_base_/external_classifier/timm_imagenet.py dpn92.pth \
#       --out data/class_predictions/dpn92.pkl
_base_ = ['../_base_/external_classifier/spg_inceptionv3.py']

test_evaluator = dict(
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn92.pkl'
    )
)
