# PASCAL VOC 2007: photographs of several objects of 20 classes, as labels of
# whole images to train on. --data-root VOCdevkit/VOC2007; the archives of
# trainval and test are unpacked over each other.
_base_ = ['loc_224.py']

data_root = '{{$MMSPG_DATA_ROOT:data/VOCdevkit/VOC2007}}'
voc = dict(
    type='mmspg.MultiLabelLoc',
    data_root=data_root,
    ann_file='Annotations',
    images='JPEGImages',
)
train_dataloader = dict(
    batch_size=16, dataset=dict(**voc, image_list='ImageSets/Main/train.txt')
)
val_dataloader = dict(
    batch_size=16,
    dataset=dict(**voc, split='val', image_list='ImageSets/Main/val.txt'),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'],
        split='test',
        image_list='ImageSets/Main/test.txt',
    ),
)
# AP50 and CorLoc by class; the validation chooses the threshold.
val_evaluator = dict(_delete_=True, type='mmspg.DetectionMetric')
test_evaluator = val_evaluator
