# For the embedded data set, from scratch. Until the trunk has learnt the
# classes, its seeds are noise, which teaches B and C that everything is
# object. A low lr keeps them from being sure of it (docs/method.md).
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=0.001, weight_decay=1e-4, fused=True),
    paramwise_cfg=dict(custom_keys={'spg_': dict(lr_mult=0.1)}),
    clip_grad=dict(max_norm=5),
)
param_scheduler = dict(type='CosineAnnealingLR', convert_to_iter_based=True)
train_cfg = dict(by_epoch=True, max_epochs=8, val_interval=4)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=25)
