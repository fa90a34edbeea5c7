# Hide-and-seek on AlexNet, an ensemble, ILSVRC. Table 4: GT-known error
# 39.67. Four members. Here they train side by side with mixed cell sizes. To
# give each a cell size of its own, train has_alexnet_imagenet.py four times,
# with --cfg-options train_dataloader.dataset.pipeline.4.sizes=16 and so on,
# and join them by tools/model_converters/merge_checkpoints.py.
_base_ = [
    '../_base_/models/cam_alexnet.py',
    '../_base_/datasets/imagenet_hasmix_224.py',
    '../_base_/schedules/imagenet_3e.py',
    '../_base_/default_runtime.py',
]

model = dict(type='mmspg.EnsembleClassifier', members=[{}, {}, {}, {}])
