# SPG on ResNet-50, ILSVRC. WSOL benchmark: MaxBoxAccV2 63.27.
#   python tools/train.py configs/spg_resnet50_imagenet.py --data-root DIR
_base_ = ['presets/spg_resnet50_imagenet_benchmark.py']
