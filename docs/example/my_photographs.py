_base_ = ['mmspg::presets/spg_inceptionv3_cub_paper.py']

photographs = dict(
    type='mmspg.WSOLMetadata', data_root='photos', metadata_root='metadata'
)
train_dataloader = dict(
    batch_size=8, dataset=dict(split='train', **photographs)
)
val_dataloader = dict(dataset=dict(split='val', **photographs))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=2))  # photos/cat, photos/dog
optim_wrapper = dict(clip_grad=dict(max_norm=5))
param_scheduler = dict(milestones=[6, 9])
train_cfg = dict(max_epochs=10, val_interval=1)
