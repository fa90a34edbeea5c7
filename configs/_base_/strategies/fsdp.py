# Parameters, gradients and optimiser shared out over the processes (FSDP):
#   _base_ = ['spg_inceptionv3_imagenet.py', '_base_/strategies/fsdp.py']
# or with any config: --cfg-options runner_type=FlexibleRunner
# strategy.type=mmspg.ShardedStrategy. What it is worth: docs/distributed.md.
runner_type = 'FlexibleRunner'
strategy = dict(type='mmspg.ShardedStrategy')
