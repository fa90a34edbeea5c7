# SPG on EfficientNet-Lite0, ILSVRC: a laptop trains it.
#   python tools/train.py configs/light/spg_efficientnet-lite0_imagenet.py \
#       --data-root DIR
_base_ = [
    '../_base_/models/spg_efficientnet-lite0.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/few_images.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
train_cfg = dict(max_epochs=5)
auto_scale_lr = dict(base_batch_size=16)
