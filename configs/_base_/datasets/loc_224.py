# How the paper takes photographs. Train: resize to 256 x 256, random crop of
# 224, flip (the paper does not state the flip; both codes do it); test: the
# whole image, resized to 224 x 224. --input-size 96 of the tools scales resize
# and crop together. What the photographs are, the files beside this one add.
input_size = 224

# Neither paper nor codes adapt them to their trunk: the mean and standard
# deviation of ImageNet, for images in B, G, R.
data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)

# Pillow's antialiased bilinear resize, as both codes have it.
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
    batch_size=30,  # by the name of the released checkpoint
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
