# The paper's classification figures (section 4.1) are the mean softmax of ten
# crops of 224 from 256 x 256: the four corners, the centre and their mirror
# images. The maps come from the whole image, resized to 224 x 224 as without
# test-time augmentation. Put this file into _base_, after the data set, and
# run tools/test.py --tta.
tta_model = dict(type='mmspg.TenCropTTA')

_crops = [
    dict(
        type='Compose',
        transforms=[
            dict(type='mmspg.LocResize', scale=(256, 256), backend='pillow'),
            dict(type='mmspg.LocCrop', crop_size=224, position=position),
            dict(type='mmspg.LocRandomFlip', prob=flip),
        ],
    )
    for flip in (0.0, 1.0)
    for position in (
        'top_left',
        'top_right',
        'bottom_left',
        'bottom_right',
        'center',
    )
]

tta_pipeline = [
    dict(type='mmspg.LoadLocImage'),
    dict(
        type='TestTimeAug',
        transforms=[
            # The whole image must come first: it gives the maps.
            [
                dict(
                    type='mmspg.LocResize',
                    scale=(224, 224),
                    backend='pillow',
                ),
                *_crops,
            ],
            [dict(type='mmspg.PackLocInputs')],
        ],
    ),
]
