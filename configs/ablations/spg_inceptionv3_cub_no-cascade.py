# Section 4.3: the attention map's seeds supervise B1 as well as B2.
# The paper gives its figure on ILSVRC only.
_base_ = ['../presets/spg_inceptionv3_cub_paper.py']

model = dict(head=dict(cascade=False))
