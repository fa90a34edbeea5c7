# The WSOL benchmark (Choe et al., CVPR 2020): Nesterov momentum, weight decay
# 1e-4, SPG_* layers at ten times the lr, and 32 images in a step. The lr is
# divided by ten at the start of the 3rd, 6th and 9th of 10 epochs. The
# benchmark searches the lr for each network and data set; this lr is the
# paper's.
_base_ = ['imagenet_3e.py']

optim_wrapper = dict(optimizer=dict(weight_decay=1e-4, nesterov=True))
param_scheduler = dict(
    _delete_=True, type='MultiStepLR', milestones=[2, 5, 8], gamma=0.1
)
train_cfg = dict(max_epochs=10)
auto_scale_lr = dict(base_batch_size=32)
