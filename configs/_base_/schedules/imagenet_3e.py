# Section 3.3: SGD with lr 0.001, ten times that for the added layers, momentum
# 0.9 and weight decay 5e-4. After every epoch the lr is divided by ten.
optim_wrapper = dict(
    optimizer=dict(
        type='SGD', lr=0.001, momentum=0.9, weight_decay=5e-4, fused=True
    ),
    # The added layers are A3, B1, B2 and C in the neck and A4 in the head.
    paramwise_cfg=dict(
        custom_keys={'neck': dict(lr_mult=10), 'head': dict(lr_mult=10)}
    ),
)

param_scheduler = dict(type='StepLR', step_size=1, gamma=0.1)

# The paper gives no number of epochs; the released checkpoint's name says 3.
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# The lr is for the paper's 30 images in a step.
auto_scale_lr = dict(base_batch_size=30)
