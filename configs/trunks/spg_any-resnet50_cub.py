# SPG on mmpretrain's ResNet-50, with its last stage at stride 16; birds (CUB).
# The benchmark's SPG on ResNet-50 is configs/presets/spg_resnet50_*.
#   python tools/train.py configs/trunks/spg_any-resnet50_cub.py \
#       --data-root DIR
_base_ = ['../_base_/spg_any_cub.py']

model = dict(
    backbone=dict(
        trunk=dict(type='ResNet', depth=50, strides=(1, 2, 2, 1)),
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MMSPG_PRETRAINED:torchvision://resnet50}}',
        ),
    )
)
