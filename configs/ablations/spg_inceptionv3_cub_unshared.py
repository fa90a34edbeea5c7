# Section 4.3: B1 and B2 each have a second and third layer of their own.
# The paper gives its figure on ILSVRC only.
_base_ = ['../presets/spg_inceptionv3_cub_paper.py']

model = dict(neck=dict(share_b=False))
