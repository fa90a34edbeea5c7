# SPG on the embedded data set. It needs no download, and a minute on a CPU:
#   python tools/train.py configs/spg_tiny_synthetic.py
_base_ = [
    '_base_/models/spg_tiny.py',
    '_base_/datasets/synthetic_loc.py',
    '_base_/schedules/synthetic_8e.py',
    '_base_/default_runtime.py',
]

# The guidance sets in after two fifths of the training, when the classifier
# knows where to look, and foreground and background have the same weight. The
# paper has neither. Without them B1 and C call everything object on this set.
model = dict(
    head=dict(
        thresholds_b2=(0.7, 0.3),
        thresholds_fuse=(0.7, 0.3),
        balanced_guidance=True,
        guidance_ramp=(0.4, 0.6),
    )
)
default_hooks = dict(
    # Pictures go to work_dirs/spg_tiny_synthetic/*/vis_data/vis_image.
    visualization=dict(enable=True, interval=20),
    # They show the map that is best on the validation images.
    map_choice=dict(type='mmspg.MapChoiceHook'),
)
