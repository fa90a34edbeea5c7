# Table 3 of the paper: ResNet-152 names the classes, SPG draws the boxes.
# Errors there, top-1/top-5: 47.92/38.53, class 24.39/7.59.
# The predictions come from
#   mim download mmpretrain --config resnet152_8xb32_in1k --dest weights
#   mim test mmpretrain weights/resnet152_8xb32_in1k.py \
#       --checkpoint weights/resnet152_8xb32_in1k_*.pth \
#       --out data/class_predictions/resnet152.pkl
_base_ = ['../_base_/external_classifier/spg_inceptionv3.py']

test_evaluator = dict(
    class_predictions=dict(
        files='{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/resnet152.pkl'
    )
)
