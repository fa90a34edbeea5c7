# SPG fine-tuned on a thousand photographs of things of one kind, and read by
# SPG-B, which learns what they have in common: what docs/evidence.md measured.
#   python tools/train.py \
#       configs/tuned/spg_inceptionv3_cub_few-images.py \
#       --data-root DIR --input-size 96 \
#       --cfg-options model.head.num_classes=40
_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/cub_loc_224.py',
    '../_base_/schedules/few_images.py',
    '../_base_/tta/ten_crop_224.py',
    '../_base_/default_runtime.py',
]

model = dict(
    neck=dict(dropout=0.0),  # with it, at chance after 150 steps
    head=dict(num_classes=200, score_map_source='fuse'),
)
train_dataloader = dict(batch_size=10)
optim_wrapper = dict(optimizer=dict(lr=3e-5))
train_cfg = dict(max_epochs=4)
