# FSDP: parameters, gradients and optimiser are split over the processes.
#   _base_ = ['spg_inceptionv3_imagenet.py', '_base_/strategies/fsdp.py']
# or with any config: --cfg-options runner_type=FlexibleRunner
# strategy.type=mmspg.ShardedStrategy. See docs/distributed.md.
runner_type = 'FlexibleRunner'
strategy = dict(type='mmspg.ShardedStrategy')
