# CUB-200-2011 (200 birds, one box for each image), with the pipelines of the
# paper. --data-root DIR or the environment variable MMSPG_DATA_ROOT names the
# folder of the data.
_base_ = ['loc_224.py']

data_root = '{{$MMSPG_DATA_ROOT:data/CUB_200_2011}}'
train_dataloader = dict(dataset=dict(type='mmspg.CUBLoc', data_root=data_root))
val_dataloader = dict(
    dataset=dict(type='mmspg.CUBLoc', data_root=data_root, split='test')
)
test_dataloader = val_dataloader
