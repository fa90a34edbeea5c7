# The embedded data set: fish drawn from a seed, whose four species differ only
# in a small mark (mmspg/datasets/images/synthetic_drawing.py). It needs no
# download. Images have 64 x 64 pixels; training takes crops of 56, and a test
# resizes the whole image to 56.
_base_ = ['loc_224.py']

input_size = 56

train_pipeline = [
    dict(type='mmspg.LoadLocImage'),
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
    batch_size=25,
    num_workers=0,  # an image takes a millisecond
    dataset=dict(
        type='mmspg.SyntheticLoc', num_images=1000, pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    dataset=dict(
        type='mmspg.SyntheticLoc',
        split='val',
        num_images=200,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader, dataset=dict(val_dataloader['dataset'], split='test')
)
