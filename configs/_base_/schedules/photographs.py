# For hundreds to thousands of photographs, from ImageNet weights, on a laptop:
# AdamW, ten times the lr for the new classifier, a short warm-up and a cosine
# to zero. Clipped gradients, and B and C at the trunk's lr, keep the guidance
# from collapsing (docs/evidence.md).
optim_wrapper = dict(
    constructor='mmspg.MergedGroupsConstructor',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=1e-4, fused=True),
    clip_grad=dict(max_norm=5),
    paramwise_cfg=dict(
        custom_keys={
            'neck.a3': dict(lr_mult=10),
            'head.classifier': dict(lr_mult=10),
        }
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=30),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=5, val_interval=5)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=16)
