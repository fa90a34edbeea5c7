# Section 4.3: no SPG-C, so no M_fuse and no loss_c.
# Paper: GT-known error 36.06, against 35.31 with it.
_base_ = ['../presets/spg_inceptionv3_imagenet_paper.py']

model = dict(neck=dict(with_c=False))
