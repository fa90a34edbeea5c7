# SPG-plain, the classifier without guidance, trained as its neighbour is.
_base_ = ['spg_efficientnet-lite0_folders.py']

model = dict(
    neck=dict(with_b=False, with_c=False),
    head=dict(
        _delete_=True,
        type='mmspg.CAMHead',
        num_classes=1000,
        score_map_source='features',  # or what the validation chooses
    ),
)
