# SPG-plain, the paper's baseline, on ILSVRC CLS-LOC:
#   python tools/train.py \
#       configs/spg-plain_inceptionv3_imagenet.py --data-root DIR
_base_ = ['presets/spg-plain_inceptionv3_imagenet_paper.py']
