# Table 3 of the paper: ResNet-50 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 48.79/38.93, class 26.22/8.47.
# The predictions come from
#   mim download mmpretrain --config resnet50_8xb32_in1k --dest weights
#   mim test mmpretrain weights/resnet50_8xb32_in1k.py \
#       --checkpoint weights/resnet50_8xb32_in1k_*.pth \
#       --out data/class_predictions/resnet50.pkl
_base_ = ['../_base_/external_classifier/spg_inceptionv3.py']

test_evaluator = dict(
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/resnet50.pkl'
    )
)
