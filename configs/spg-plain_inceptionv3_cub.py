# SPG-plain, the paper's baseline, on CUB-200-2011:
#   python tools/train.py configs/spg-plain_inceptionv3_cub.py --data-root DIR
_base_ = ['presets/spg-plain_inceptionv3_cub_paper.py']
