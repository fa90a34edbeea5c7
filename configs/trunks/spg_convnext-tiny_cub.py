# SPG on timm's ConvNeXt-T, with its last stage at stride 16; birds (CUB).
#   python tools/train.py configs/trunks/spg_convnext-tiny_cub.py \
#       --data-root DIR
_base_ = ['../_base_/spg_any_cub.py']

model = dict(
    backbone=dict(
        trunk=dict(
            type='timm/convnext_tiny',
            output_stride=16,
            drop_path_rate=0.1,
            pretrained=True,  # timm downloads them; or --pretrained FILE
        )
    )
)
