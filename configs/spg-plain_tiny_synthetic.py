# SPG-plain on the embedded data set, trained like spg_tiny_synthetic.py.
_base_ = ['spg_tiny_synthetic.py']

model = dict(
    neck=dict(with_b=False, with_c=False),
    head=dict(
        _delete_=True, type='mmspg.CAMHead', num_classes=4, in_channels=64
    ),
)
