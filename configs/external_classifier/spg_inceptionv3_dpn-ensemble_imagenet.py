# Table 3 of the paper: three DPNs name the classes by the mean of their
# scores, SPG draws the boxes. Errors there, top-1/top-5: 43.83/36.78 (Top-5*
# 29.36), class 15.47/2.70. The predictions of each as in
# spg_inceptionv3_dpn92_imagenet.py; a pickle is read only when asked for:
#   python tools/test.py CONFIG CHECKPOINT --cfg-options \
#       test_evaluator.class_predictions.allow_pickle=True
_base_ = ['../presets/spg_inceptionv3_imagenet_paper.py']

test_evaluator = dict(
    type='mmspg.LocalizationMetric',
    top5_star='thresholds',
    class_predictions=dict(
        files=[
            '{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn92.pkl',
            '{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn98.pkl',
            '{{$MMSPG_CLASS_PREDICTIONS:data/class_predictions}}/dpn131.pkl',
        ]
    ),
)
