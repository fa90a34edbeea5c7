# From scratch, so all layers have one lr.
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=0.002, weight_decay=1e-4),
)
param_scheduler = dict(
    type='CosineAnnealingLR',
    T_max=20,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=5)
val_cfg = dict()
test_cfg = dict()
