# The paper's SPG on ILSVRC, with all settings that make it faster or smaller
# without changing the method. The same file trains on a CPU, where the
# settings that need a GPU have no effect.
#   python tools/train.py configs/spg_inceptionv3_imagenet_fast.py \
#       --data-root DIR
# docs/performance.md says what each setting does.
_base_ = ['spg_inceptionv3_imagenet.py']

# OpenCV decodes and PyTorch resizes: 0.2 % of the values differ, by one level.
train_pipeline = [
    dict(_base_.train_pipeline[0], decoder='opencv'),
    dict(_base_.train_pipeline[1], backend='torch'),
    *_base_.train_pipeline[2:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# GPUs get channels last.
data_preprocessor = dict(type='mmspg.ChannelsLastPreprocessor')

optim_wrapper = dict(
    # This uses bfloat16 on GPUs that have it. For float16, also on older GPUs,
    # set type='AmpOptimWrapper', dtype='float16', loss_scale='dynamic'.
    type='mmspg.Bfloat16OptimWrapper',
    # So many batches make one step. With 3 and a batch_size of 10 the paper's
    # 30 images fit into little memory.
    accumulative_counts=1,
)

# with_cp computes activations twice instead of keeping them: 1.4 GiB instead
# of 3.9 for the paper's 30 images in float32, but a third more time.
model = dict(backbone=dict(with_cp=False), neck=dict(with_cp=False))

custom_hooks = [
    *_base_.custom_hooks,
    # Operations in float32 may use TensorFloat-32.
    dict(type='mmspg.TF32Hook'),
]

# All inputs have the same size, so cuDNN may try which kernels are fastest.
env_cfg = dict(cudnn_benchmark=True)
