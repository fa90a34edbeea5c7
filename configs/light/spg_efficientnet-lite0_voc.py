# SPG on photographs of several objects, PASCAL VOC 2007: a laptop trains it.
#   pip install pycocotools
#   python tools/train.py configs/light/spg_efficientnet-lite0_voc.py \
#       --data-root VOCdevkit/VOC2007
_base_ = [
    '../_base_/models/spg_efficientnet-lite0.py',
    '../_base_/datasets/voc_multi_224.py',
    '../_base_/schedules/photographs.py',
    '../_base_/default_runtime.py',
]

model = dict(head=dict(num_classes=20, multi_label=True))
default_hooks = dict(box_choice=dict(type='mmspg.BoxChoiceHook'))
