# PSOL on your own photographs: one box in one pass, with no map to cut. It
# learns from boxes that another network has found (docs/labels.md):
#   python tools/labeling/label_images.py PHOTOS CHECKPOINT --out labels
#   python tools/train.py configs/psol/psol_efficientnet-lite0_folders.py \
#       --data-root PHOTOS --cfg-options \
#       train_dataloader.dataset.pseudo_boxes=labels/boxes.csv
_base_ = [
    '../_base_/models/efficientnet-lite0.py',
    '../_base_/datasets/photo_folders_224.py',
    '../_base_/schedules/photographs.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(dataset=dict(pseudo_boxes='labels/boxes.csv'))
model = dict(
    neck=dict(
        type='mmspg.SPGNeck',
        with_b=False,
        with_c=False,
        a3_channels=(256, 256),
        dropout=0.0,
    ),
    head=dict(type='mmspg.PSOLHead', num_classes=1000),
)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'head.points': dict(lr_mult=10),
            'head.regressor': dict(lr_mult=10),
        }
    )
)
# Its box has no threshold: any one will do.
val_evaluator = dict(threshold=0.2)
test_evaluator = val_evaluator
default_hooks = dict(
    logger=dict(interval=10),
    checkpoint=dict(max_keep_ckpts=1),
    box_choice=dict(type='mmspg.BoxChoiceHook'),
)
