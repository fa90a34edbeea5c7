# SPG on EfficientNet-Lite0, birds (CUB): a laptop trains it.
#   python tools/train.py configs/light/spg_efficientnet-lite0_cub.py \
#       --data-root DIR
_base_ = [
    '../_base_/models/spg_efficientnet-lite0.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/photographs.py',
    '../_base_/default_runtime.py',
]

# C's map finds more of the birds than the class map (docs/evidence.md).
model = dict(head=dict(num_classes=200, score_map_source='c'))
train_dataloader = dict(batch_size=16)
