# SPG-plain (section 3.3): SPG's network without B and C, which learns only the
# classes. Its maps are CAM's.
_base_ = ['inceptionv3.py']

model = dict(
    neck=dict(
        type='mmspg.SPGNeck',
        in_channels=(288, 768, 768),
        a3_channels=(1024, 1024),
        dropout=0.5,  # as in the benchmark; the paper does not say
        with_b=False,
        with_c=False,
    ),
    head=dict(type='mmspg.CAMHead', num_classes=1000, in_channels=1024),
)
