# Your own photographs, photos/CLASS/*.jpg, at 224 x 224. tools/train.py
# counts them, and sets batch size, epochs, lr and workers:
# docs/own_photographs.md.
_base_ = ['loc_224.py']

# A large JPEG, such as a phone's, is decoded at a part of its size. Twice the
# side that it is resized to leaves nothing to see of that.
train_pipeline = [
    dict(_base_.train_pipeline[0], min_side=512),
    *_base_.train_pipeline[1:],
]
test_pipeline = [
    dict(_base_.test_pipeline[0], min_side=448),
    *_base_.test_pipeline[1:],
]

data_root = '{{$MMSPG_DATA_ROOT:photos}}'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        type='mmspg.PhotoFolders',
        data_root=data_root,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(
        type='mmspg.PhotoFolders',
        data_root=data_root,
        split='val',
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader, dataset=dict(val_dataloader['dataset'], split='test')
)
