# SPG fine-tuned on a thousand photographs of few, unlike classes, and read
# where the attention map and SPG-B agree: what docs/evidence.md measured.
#   python tools/train.py \
#       configs/tuned/spg_inceptionv3_imagenet_few-images.py \
#       --data-root DIR --input-size 96 \
#       --cfg-options model.head.num_classes=10
_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/imagenet_loc_224.py',
    '../_base_/schedules/few_images.py',
    '../_base_/tta/ten_crop_224.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(score_map_source='attention_fuse'))
train_dataloader = dict(batch_size=10)
