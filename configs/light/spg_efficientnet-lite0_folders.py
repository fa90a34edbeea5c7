# SPG on your own photographs, in minutes on a laptop. [lite] has the weights:
#   python tools/train.py configs/light/spg_efficientnet-lite0_folders.py \
#       --data-root PHOTOS
_base_ = [
    '../_base_/models/spg_efficientnet-lite0.py',
    '../_base_/datasets/photo_folders_224.py',
    '../_base_/schedules/photographs.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(score_map_source='c'))  # or what validation chooses
default_hooks = dict(
    logger=dict(interval=10),
    checkpoint=dict(max_keep_ckpts=1),
    map_choice=dict(type='mmspg.MapChoiceHook'),
    box_choice=dict(type='mmspg.BoxChoiceHook'),
)
