# SPG on the embedded data set; nothing to download, a minute of a CPU:
#   python tools/train.py configs/spg_tiny_synthetic.py
_base_ = [
    '_base_/models/spg_tiny.py',
    '_base_/datasets/synthetic_loc.py',
    '_base_/schedules/synthetic_8e.py',
    '_base_/default_runtime.py',
]

# The guidance sets in after two fifths of the training, when the classifier
# knows where to look, and foreground and background weigh alike. The paper has
# neither: on this set its B1 and C then call everything object.
model = dict(
    head=dict(
        thresholds_b2=(0.7, 0.3),
        thresholds_fuse=(0.7, 0.3),
        balanced_guidance=True,
        guidance_ramp=(0.4, 0.6),
    )
)
default_hooks = dict(
    # Ends with pictures: work_dirs/spg_tiny_synthetic/*/vis_data/vis_image,
    visualization=dict(enable=True, interval=20),
    # of the map that did best on the validation images.
    map_choice=dict(type='mmspg.MapChoiceHook'),
)
