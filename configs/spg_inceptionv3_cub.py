# SPG, as in the paper, on CUB-200-2011:
#   python tools/train.py configs/spg_inceptionv3_cub.py --data-root DIR
_base_ = ['presets/spg_inceptionv3_cub_paper.py']
