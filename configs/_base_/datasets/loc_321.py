# The pipelines of the code released with the paper. Training resizes the short
# side to 356, takes a random crop of 321 and flips. A test takes the centre
# crop of 321. Its map is put back where the crop was; the released code
# stretches it over the whole image.
_base_ = ['loc_224.py']

input_size = 321

train_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(type='mmspg.LocResizeEdge', scale=356, backend='pillow'),
    dict(type='mmspg.LocRandomCrop', crop_size=input_size),
    dict(type='mmspg.LocRandomFlip', prob=0.5),
    dict(type='mmspg.PackLocInputs'),
]
test_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(type='mmspg.LocResizeEdge', scale=356, backend='pillow'),
    dict(type='mmspg.LocCenterCrop', crop_size=input_size),
    dict(type='mmspg.PackLocInputs'),
]

train_dataloader = dict(
    batch_size=20,  # in the script; the released checkpoint's name says 30
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
