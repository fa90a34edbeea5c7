# Names without a prefix are mmpretrain's, `mmspg.` names are ours.
default_scope = 'mmpretrain'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    # MMEngine's own lets a GPU wait at every step.
    runtime_info=dict(type='mmspg.DeferredInfoHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # A run that is killed at any moment finds its last whole checkpoint.
    checkpoint=dict(
        type='mmspg.AtomicCheckpointHook', interval=1, max_keep_ckpts=2
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # This draws image, score map, predicted and true box. tools/test.py
    # --show-dir switches it on.
    visualization=dict(type='mmspg.LocalizationVisualizationHook'),
)

custom_hooks = [
    # Each process keeps BatchNorm statistics of its own share; they are
    # averaged at an epoch's end, before the checkpoint and the validation.
    dict(type='SyncBuffersHook'),
    # A resumed run repeats what an unbroken one would have done.
    dict(type='mmspg.EpochSeedHook'),
    # The data set's classes are those of model.head.num_classes.
    dict(type='mmspg.HeadClassNumHook'),
    # Stop at a loss that is not finite; warn of a mask that has collapsed.
    dict(type='mmspg.LossCheckHook'),
    # A bar with loss and time left, or a line every 20 seconds.
    dict(type='mmspg.ProgressHook'),
]

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='mmspg.LocalizationVisualizer', vis_backends=vis_backends
)

log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0, deterministic=False)
