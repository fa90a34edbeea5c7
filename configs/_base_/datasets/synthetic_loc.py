# The embedded data set: fish drawn from a seed, whose four species differ in
# a small mark only (mmspg/datasets/images/synthetic_drawing.py). Nothing to
# download. 64 x 64 pixels; trained on crops of 56, tested whole at 56.
input_size = 56

data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)

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
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmspg.SyntheticLoc',
        split='train',
        num_images=1000,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=50,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmspg.SyntheticLoc',
        split='val',
        num_images=200,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
val_evaluator = dict(type='mmspg.LocalizationMetric')

test_dataloader = val_dataloader
test_evaluator = val_evaluator
