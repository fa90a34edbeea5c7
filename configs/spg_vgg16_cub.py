# SPG on VGG-16, CUB-200-2011. WSOL benchmark: MaxBoxAccV2 56.28.
#   python tools/train.py configs/spg_vgg16_cub.py --data-root DIR
_base_ = ['presets/spg_vgg16_cub_benchmark.py']
