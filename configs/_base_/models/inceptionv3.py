# Inception-v3 cut after Mixed_6e, as in section 3 of the paper.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='mmspg.TruncatedInceptionV3',
        init_cfg=dict(
            type='Pretrained',
            # --pretrained FILE or the environment names another file.
            checkpoint=(
                '{{$MMSPG_PRETRAINED:torchvision://inception_v3_google}}'
            ),
        ),
    ),
)
