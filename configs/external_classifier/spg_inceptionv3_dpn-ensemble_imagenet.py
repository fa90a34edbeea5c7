# Table 3 of the paper: the mean scores of three DPNs name the classes, SPG
# draws the boxes. Errors there, top-1/top-5: 43.83/36.78 (Top-5* 29.36), class
# 15.47/2.70. spg_inceptionv3_dpn92_imagenet.py says how to make the
# predictions of one DPN.
_base_ = ['../_base_/external_classifier/spg_inceptionv3.py']

test_evaluator = dict(
    class_predictions=dict(
        files=[
            '{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn92.pkl',
            '{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn98.pkl',
            '{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn131.pkl',
        ]
    )
)
