# ILSVRC's CLS-LOC (1000 classes, boxes on val), with the pipelines of the
# paper. --data-root DIR or the environment variable MMSPG_DATA_ROOT names the
# folder of the data.
_base_ = ['loc_224.py']

data_root = '{{$MMSPG_DATA_ROOT:data/ILSVRC}}'
train_dataloader = dict(
    dataset=dict(type='mmspg.ImageNetLoc', data_root=data_root)
)
val_dataloader = dict(
    dataset=dict(type='mmspg.ImageNetLoc', data_root=data_root, split='val')
)
test_dataloader = val_dataloader
