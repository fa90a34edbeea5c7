# ILSVRC's CLS-LOC (1000 classes, boxes on val) as the paper takes it. Train:
# resize to 256 x 256, random crop of 224, flip (the paper does not state the
# flip; both codes do it); test: the whole image, resized to 224 x 224.
#
# The data lie in data_root: --data-root DIR, or the environment variable
# MMSPG_DATA_ROOT, puts them elsewhere. --input-size 96 of the tools scales
# resize and crop together.
data_root = '{{$MMSPG_DATA_ROOT:data/ILSVRC}}'
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
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmspg.ImageNetLoc',
        data_root=data_root,
        split='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=30,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmspg.ImageNetLoc',
        data_root=data_root,
        split='val',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
val_evaluator = dict(type='mmspg.LocalizationMetric')

test_dataloader = val_dataloader
test_evaluator = val_evaluator
