# ILSVRC with hide-and-seek (Singh & Lee, ICCV 2017): half of each
# training image is hidden, in cells of a size drawn for each
# image, or not at all (the mixed variant). Tested on whole images.
_base_ = ['imagenet_loc_224.py']

train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='mmspg.HideAndSeek', sizes=(None, 16, 32, 44, 56), prob=0.5),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
