# SPG on ResNet-50, CUB-200-2011. WSOL benchmark: MaxBoxAccV2 60.37.
#   python tools/train.py configs/spg_resnet50_cub.py --data-root DIR
_base_ = ['presets/spg_resnet50_cub_benchmark.py']
