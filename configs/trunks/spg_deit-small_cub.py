# SPG on timm's DeiT-S: the tokens of layers 6, 9 and 12 become the maps for
# B1, B2 and A, 14 x 14 each; birds (CUB).
#   python tools/train.py configs/trunks/spg_deit-small_cub.py \
#       --data-root DIR
_base_ = ['../_base_/spg_any_cub.py']

model = dict(
    backbone=dict(
        trunk=dict(
            type='timm/deit_small_patch16_224',
            dynamic_img_size=True,  # --input-size need not be 224
            drop_path_rate=0.1,
            pretrained=True,  # timm downloads them; or --pretrained FILE
        )
    )
)
