# The pipelines of the paper. Training resizes to 256 x 256, takes a random
# crop of 224 and flips (the paper does not state the flip; both codes do it).
# A test resizes the whole image to 224 x 224. --input-size 96 of the tools
# scales resize and crop together. The files beside this one add the data sets.
input_size = 224

# These are mean and standard deviation of ImageNet, for images in B, G, R.
# Neither the paper nor the codes adapt them to the trunk.
data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)

# Both codes use Pillow's antialiased bilinear resize.
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
    batch_size=30,  # the paper's
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(split='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=30,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(test_mode=True, pipeline=test_pipeline),
)
val_evaluator = dict(type='mmspg.LocalizationMetric')

test_dataloader = val_dataloader
test_evaluator = val_evaluator
