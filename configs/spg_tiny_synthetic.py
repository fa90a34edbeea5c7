# SPG on the embedded data set; nothing to download, minutes on a CPU:
#   python tools/train.py configs/spg_tiny_synthetic.py
_base_ = [
    '_base_/models/spg_tiny.py',
    '_base_/datasets/synthetic_loc.py',
    '_base_/schedules/synthetic_12e.py',
    '_base_/default_runtime.py',
]

# Ends with pictures: work_dirs/spg_tiny_synthetic/*/vis_data/vis_image.
default_hooks = dict(visualization=dict(enable=True, interval=40))
