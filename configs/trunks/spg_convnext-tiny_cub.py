# SPG on timm's ConvNeXt-T, its last stage at stride 16; birds (CUB).
#   python tools/train.py configs/trunks/spg_convnext-tiny_cub.py \
#       --data-root DIR
_base_ = [
    '../_base_/models/spg_any.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/few_images.py',
    '../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        trunk=dict(
            type='timm/convnext_tiny',
            output_stride=16,
            drop_path_rate=0.1,
            pretrained=True,  # timm's download; --pretrained FILE instead
        )
    ),
    head=dict(num_classes=200),
)
train_dataloader = dict(batch_size=10)
