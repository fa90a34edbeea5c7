# Class predictions of a timm model on ILSVRC's validation images, for Table 3
# of the paper (DPN). MMSPG_TIMM_MODEL names the model; needs mmspg's extra
# [timm]. The checkpoint is timm's own:
#   python -c "import timm, torch; torch.save(timm.create_model('dpn92', \
#       pretrained=True).state_dict(), 'dpn92.pth')"
#   MMSPG_TIMM_MODEL=dpn92 python tools/test.py \
#       configs/_base_/external_classifier/timm_imagenet.py dpn92.pth \
#       --out data/class_predictions/dpn92.pkl
_base_ = ['../datasets/imagenet_loc_224.py', '../default_runtime.py']

model = dict(type='TimmClassifier', model_name='{{$MMSPG_TIMM_MODEL:dpn92}}')

# DPN's own mean and standard deviation (1 / .0167) and crop, .875 of 256.
data_preprocessor = dict(
    _delete_=True,
    mean=[124, 117, 104],
    std=[59.880, 59.880, 59.880],
    to_rgb=True,
)
test_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='mmspg.LoadLocImage'),
            dict(
                type='mmspg.LocResizeEdge',
                scale=256,
                interpolation='bicubic',
                backend='pillow',
            ),
            dict(type='mmspg.LocCenterCrop', crop_size=224),
            dict(type='mmspg.PackLocInputs'),
        ]
    )
)
test_evaluator = dict(_delete_=True, type='Accuracy', topk=(1, 5))

# The class count is timm's; there is no head of ours to hold it against.
custom_hooks = []
test_cfg = dict()
train_dataloader = None
val_dataloader = None
val_evaluator = None
