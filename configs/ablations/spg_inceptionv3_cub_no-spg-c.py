# Section 4.3: no SPG-C, so no M_fuse and no loss_c.
# The paper gives its figure on ILSVRC only.
_base_ = ['../presets/spg_inceptionv3_cub_paper.py']

model = dict(neck=dict(with_c=False))
