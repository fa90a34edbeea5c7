# SPG on the WSOL benchmark's OpenImages. Benchmark: PxAP 62.31 (Inception).
# It does not publish the lr and thresholds that it searched: these are its
# default thresholds and the paper's lr.
_base_ = [
    '../_base_/models/spg_inceptionv3.py',
    '../_base_/datasets/openimages_wsol_224.py',
    '../_base_/schedules/benchmark_10e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    neck=dict(c_channels=(512,)),
    head=dict(num_classes=100, thresholds_a=(0.7, 0.01), min_foreground=30),
)
