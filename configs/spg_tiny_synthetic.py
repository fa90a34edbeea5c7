# SPG on the embedded data set; nothing to download, a minute of a CPU:
#   python tools/train.py configs/spg_tiny_synthetic.py
_base_ = [
    '_base_/models/spg_tiny.py',
    '_base_/datasets/synthetic_loc.py',
    '_base_/schedules/synthetic_8e.py',
    '_base_/default_runtime.py',
]

# Foreground and background weigh alike, which the paper does not do: without
# it the guidance is all foreground for some epochs before it recovers.
model = dict(head=dict(balanced_guidance=True))
default_hooks = dict(
    # Ends with pictures: work_dirs/spg_tiny_synthetic/*/vis_data/vis_image,
    visualization=dict(enable=True, interval=20),
    # of the map that did best on the validation images.
    map_choice=dict(type='mmspg.MapChoiceHook'),
)
