# The WSOL benchmark's 100 classes of OpenImages with masks. It needs the
# benchmark's metadata folders (metadata/OpenImages/{train,val,test}), images
# and masks. The pipelines are those of CUB. The figure is PxAP, over the
# pixels of all images.
_base_ = ['loc_224.py']

data_root = '{{$MMSPG_DATA_ROOT:data/OpenImages}}'
metadata_root = '{{$MMSPG_METADATA_ROOT:data/metadata/OpenImages}}'
mask_root = '{{$MMSPG_MASK_ROOT:data/masks/OpenImages}}'

train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        _delete_=True,
        type='mmspg.WSOLMetadata',
        data_root=data_root,
        metadata_root=metadata_root,
        split='train',
        pipeline={{_base_.train_pipeline}},
    ),
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmspg.WSOLMetadata',
        data_root=data_root,
        metadata_root=metadata_root,
        mask_root=mask_root,
        split='val',
        test_mode=True,
        pipeline={{_base_.test_pipeline}},
    ),
)
test_dataloader = dict(dataset=dict(val_dataloader['dataset'], split='test'))
val_evaluator = dict(_delete_=True, type='mmspg.PxAP')
test_evaluator = dict(_delete_=True, type='mmspg.PxAP')
