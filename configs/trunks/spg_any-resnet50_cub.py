# SPG on mmpretrain's ResNet-50, its last stage at stride 16; birds (CUB).
# The benchmark's SPG on ResNet-50 is configs/presets/spg_resnet50_*.
#   python tools/train.py configs/trunks/spg_any-resnet50_cub.py \
#       --data-root DIR
_base_ = [
    '../_base_/models/spg_any.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/few_images.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        trunk=dict(type='ResNet', depth=50, strides=(1, 2, 2, 1)),
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://resnet50}}',
        ),
    ),
    head=dict(num_classes=200),
)
train_dataloader = dict(batch_size=10)
