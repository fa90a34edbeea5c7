# SPG, as in the paper, on ILSVRC CLS-LOC:
#   python tools/train.py configs/spg_inceptionv3_imagenet.py --data-root DIR
_base_ = ['presets/spg_inceptionv3_imagenet_paper.py']
