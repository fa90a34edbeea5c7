# ILSVRC with hide-and-seek (Singh & Lee, ICCV 2017), the mixed variant: each
# training image draws the size of the cells, or none. Half of it is then
# hidden. Tests see whole images.
_base_ = ['imagenet_loc_224.py']

train_pipeline = [
    *_base_.train_pipeline[:-1],
    dict(type='mmspg.HideAndSeek', sizes=(None, 16, 32, 44, 56), prob=0.5),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
