# SPG on any trunk, for birds (CUB). A config that inherits this one names the
# trunk.
_base_ = [
    'models/spg_any.py',
    'datasets/cub_loc_224.py',
    'schedules/few_images.py',
    'default_runtime.py',
]

model = dict(head=dict(num_classes=200))
train_dataloader = dict(batch_size=10)
