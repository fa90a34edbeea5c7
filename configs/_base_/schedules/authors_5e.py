# The script released with the paper: Nesterov momentum, biases at twice the
# lr, a constant lr, and 5 epochs (the released checkpoint's name says 3).
optim_wrapper = dict(
    optimizer=dict(
        type='SGD',
        lr=0.001,
        momentum=0.9,
        weight_decay=5e-4,
        nesterov=True,
        fused=True,
    ),
    # The longest key that a name contains counts. All biases of the trunk are
    # BatchNorm's. The added layers train at 10x. The script intends this but
    # does not do it, since it looks for `cls` in names that do not have it.
    paramwise_cfg=dict(
        custom_keys={
            'neck': dict(lr_mult=10),
            'head': dict(lr_mult=10),
            '.bias': dict(lr_mult=20),
            '.bn.bias': dict(lr_mult=2),
        }
    ),
)

param_scheduler = None
train_cfg = dict(by_epoch=True, max_epochs=5, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=20)
