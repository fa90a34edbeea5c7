# CUB-200-2011 with hide-and-seek (Singh & Lee, ICCV 2017): half of each
# training image is hidden, in cells of 32 pixels. Tested on whole images.
_base_ = ['cub_loc_224.py']

train_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(type='mmspg.LocResize', scale=(256, 256), backend='pillow'),
    dict(type='mmspg.LocRandomCrop', crop_size=224),
    dict(type='mmspg.LocRandomFlip', prob=0.5),
    dict(type='mmspg.HideAndSeek', sizes=32, prob=0.5),
    dict(type='mmspg.PackLocInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
