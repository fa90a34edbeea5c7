# The benchmark (Choe et al., CVPR 2020): Nesterov momentum, weight decay 1e-4,
# its SPG_* layers at ten times the lr, a tenth of it at the start of the 3rd,
# 6th and 9th of 10 epochs, 32 images a step. It searches the lr for each
# network and data set; this one is the paper's.
_base_ = ['imagenet_3e.py']

optim_wrapper = dict(optimizer=dict(weight_decay=1e-4, nesterov=True))
param_scheduler = dict(
    _delete_=True, type='MultiStepLR', milestones=[2, 5, 8], gamma=0.1
)
train_cfg = dict(max_epochs=10)
auto_scale_lr = dict(base_batch_size=32)
