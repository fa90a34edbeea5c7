# One's own photographs, photos/CLASS/*.jpg, at 224 x 224. tools/train.py
# counts them, and sets batch, epochs, lr and workers: docs/own_photographs.md.
data_root = '{{$MMSPG_DATA_ROOT:photos}}'
input_size = 224

train_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(type='mmspg.LocResize', scale=(256, 256), backend='pillow'),
    dict(type='mmspg.LocRandomCrop', crop_size=input_size),
    dict(type='mmspg.LocRandomFlip', prob=0.5),
    dict(type='mmspg.PackLocInputs'),
]
test_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(
        type='mmspg.LocResize',
        scale=(input_size, input_size),
        backend='pillow',
    ),
    dict(type='mmspg.PackLocInputs'),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmspg.PhotoFolders',
        data_root=data_root,
        split='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmspg.PhotoFolders',
        data_root=data_root,
        split='val',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader, dataset=dict(val_dataloader['dataset'], split='test')
)
val_evaluator = dict(type='mmspg.LocalizationMetric')
test_evaluator = val_evaluator
