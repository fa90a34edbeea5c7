# SPG on VGG-16, ILSVRC. WSOL benchmark: MaxBoxAccV2 59.92.
#   python tools/train.py configs/spg_vgg16_imagenet.py --data-root DIR
_base_ = ['presets/spg_vgg16_imagenet_benchmark.py']
