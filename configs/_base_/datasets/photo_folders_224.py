# Photographs of one's own, photos/CLASS/*.jpg, at 224 x 224. tools/train.py
# counts them, and sets batch size, epochs, lr and workers:
# docs/own_photographs.md.
_base_ = ['loc_224.py']

data_root = '{{$MMSPG_DATA_ROOT:photos}}'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(type='mmspg.PhotoFolders', data_root=data_root),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(type='mmspg.PhotoFolders', data_root=data_root, split='val'),
)
test_dataloader = dict(
    val_dataloader, dataset=dict(val_dataloader['dataset'], split='test')
)
