# For a thousand photographs of few classes, from ImageNet weights. The paper's
# SGD is at chance after hundreds of steps there. This has Adam, clipped
# gradients, a cosine to zero, and B and C at the trunk's lr, so that they do
# not run away before the seeds are good. docs/evidence.md says how it was
# chosen.
_base_ = ['imagenet_3e.py']

optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='Adam', lr=5e-5, weight_decay=5e-4, fused=True
    ),
    clip_grad=dict(max_norm=5),
    # The longest key that a name contains counts; B and C are in the neck.
    paramwise_cfg=dict(
        custom_keys=dict(spg_b=dict(lr_mult=1), spg_c=dict(lr_mult=1))
    ),
)
train_cfg = dict(max_epochs=2)
param_scheduler = dict(
    _delete_=True, type='CosineAnnealingLR', convert_to_iter_based=True
)
auto_scale_lr = dict(base_batch_size=10)
