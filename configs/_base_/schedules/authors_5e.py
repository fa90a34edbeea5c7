# The script released with the paper: Nesterov momentum, biases at twice the
# lr, no decay of it, 5 epochs (3 by the released checkpoint's name).
optim_wrapper = dict(
    optimizer=dict(
        type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4, nesterov=True
    ),
    # Of the keys that a name contains the longest counts. All biases of the
    # trunk are BatchNorm's. The added layers train at 10x, which the script
    # means but does not do: its rule looks for `cls` in names that lack it.
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
