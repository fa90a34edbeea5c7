# ILSVRC with hide-and-seek (Singh & Lee, ICCV 2017): half of each
# training image is hidden, in cells of 32 pixels. Tests see whole images.
_base_ = ['imagenet_loc_224.py']

train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='mmspg.HideAndSeek', sizes=32, prob=0.5),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
