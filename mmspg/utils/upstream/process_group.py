"""Start and end the process group of a job, where MMEngine does not."""

from contextlib import contextmanager

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import init_dist

__all__ = ['enter_process_group', 'leave_process_group']

ISSUES = (
    # This code chooses a CUDA device for every launcher.
    'https://github.com/open-mmlab/mmengine/blob/v0.10.7/mmengine/dist/'
    'utils.py',
    'https://github.com/pytorch/pytorch/issues/109478',
    'https://github.com/pytorch/pytorch/issues/190489',
)
REMOVE_WHEN = (
    'MMEngine starts a job without a GPU (enter_process_group); PyTorch or '
    'MMEngine end the group before the process does (leave_process_group)'
)


def enter_process_group(cfg: Config) -> None:
    """Start the group of a job on CPUs, and wrap its model for them.

    MMEngine starts the group itself, but it first chooses a CUDA device and
    gives its number to DistributedDataParallel, which fails without a GPU.
    So on a machine without a GPU both are done here. With a GPU this function
    does nothing.

    Args:
        cfg (Config): The config of the run, with ``launcher``. Its
            ``model_wrapper_cfg`` or ``strategy.model_wrapper`` is changed in
            place.

    Raises:
        ValueError: The config asks for the backend nccl, and there is no
            GPU.
    """
    if cfg.get('launcher', 'none') == 'none' or get_device() != 'cpu':
        return
    dist_cfg = dict(cfg.get('env_cfg', {}).get('dist_cfg', {}))
    if dist_cfg.get('backend', 'nccl') == 'nccl':
        raise ValueError(
            "env_cfg.dist_cfg.backend is 'nccl', which needs a GPU for each "
            'process, and PyTorch sees none here. Mend the driver or '
            'CUDA_VISIBLE_DEVICES; or, to run on CPUs, add --cfg-options '
            'env_cfg.dist_cfg.backend=gloo.'
        )
    if not dist.is_initialized():
        with _no_cuda_device():
            init_dist(cfg.launcher, **dist_cfg)
    if cfg.get('runner_type') != 'FlexibleRunner':
        cfg.model_wrapper_cfg = _wrapper(cfg, cfg.get('model_wrapper_cfg'))
    elif cfg.get('strategy', {}).get('type', 'DDPStrategy') == 'DDPStrategy':
        strategy = cfg.get('strategy') or dict(type='DDPStrategy')
        wrapper = _wrapper(cfg, strategy.get('model_wrapper'))
        cfg.strategy = {**strategy, 'model_wrapper': wrapper}


def _wrapper(cfg: Config, given: dict | None) -> dict:
    """Wrap a model as MMEngine does by default, without a device."""
    ddp = 'MMDistributedDataParallel'
    if given and given.get('type', ddp) != ddp:
        return given
    default = dict(
        type=ddp,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
        device_ids=None,
    )
    return {**default, **(given or {})}


@contextmanager
def _no_cuda_device():
    """Let ``torch.cuda.set_device`` do nothing for a while."""
    choose = torch.cuda.set_device
    torch.cuda.set_device = lambda device: None
    try:
        yield
    finally:
        torch.cuda.set_device = choose


def leave_process_group() -> None:
    """End the process group at the end of a job, once all processes are there.

    MMEngine starts the group and never ends it. If a process exits while the
    threads of the group still run, the C++ runtime can abort it ("terminate
    called without an active exception"). A launcher then takes a job that
    succeeded for a failed one. Without a group this does nothing.
    """
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
