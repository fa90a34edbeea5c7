# The paper's SPG on ILSVRC, with all that makes it faster or smaller and
# leaves the method alone. The same file trains on a CPU, where what needs a
# GPU is left out.
#   python tools/train.py configs/spg_inceptionv3_imagenet_fast.py \
#       --data-root DIR
# Each setting alone, and what it changes: docs/performance.md.
_base_ = ['spg_inceptionv3_imagenet.py']

# Channels last, on GPUs.
data_preprocessor = dict(type='mmspg.ChannelsLastPreprocessor')

optim_wrapper = dict(
    # bfloat16, on GPUs that have it. float16 instead, also on older GPUs:
    # type='AmpOptimWrapper', dtype='float16', loss_scale='dynamic'.
    type='mmspg.Bfloat16OptimWrapper',
    # All weights in one kernel instead of some a layer.
    optimizer=dict(fused=True),
    # Gradients of this many batches make one step: with 3 and a batch_size
    # of 10 the paper's 30 images fit anywhere.
    accumulative_counts=1,
)

# Activations computed twice instead of kept: 1.4 GiB instead of 3.9 for the
# paper's 30 images in float32, and a third more time.
model = dict(backbone=dict(with_cp=False), neck=dict(with_cp=False))

# MMEngine's torch.compile: minutes at the start, then faster kernels.
compile = False

custom_hooks = [
    *_base_.custom_hooks,
    # What stays in float32 may use TensorFloat-32.
    dict(type='mmspg.TF32Hook'),
]

# Inputs have one size: let cuDNN choose its kernels by trying.
env_cfg = dict(cudnn_benchmark=True)
