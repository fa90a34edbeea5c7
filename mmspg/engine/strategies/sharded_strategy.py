"""Split parameters, gradients and optimiser over the processes (FSDP)."""

from mmengine.device import get_device

from mmspg.registry import STRATEGIES
from mmspg.utils.upstream.fsdp_resume import ResumableFSDPStrategy


@STRATEGIES.register_module()
class ShardedStrategy(ResumableFSDPStrategy):
    """MMEngine's FSDP, made to work for SPG and on CPUs and to resume.

    Checkpoints are whole and of the usual form. Any runner with any number of
    processes can test them and resume from them. The model is one unit, since
    SPGHead takes single rows of A4's kernel, which would be empty if A4 had
    its own unit.

    Example:
        >>> runner_type = 'FlexibleRunner'
        >>> strategy = dict(type='mmspg.ShardedStrategy')

    Args:
        model_wrapper (dict, optional): Arguments of PyTorch's
            ``FullyShardedDataParallel``, but no ``auto_wrap_policy``.
        state_dict_cfg (str | dict): See MMEngine. Defaults to 'full'.
        **kwargs: Settings of MMEngine's ``FSDPStrategy``.

    Raises:
        ValueError: There is an ``auto_wrap_policy``, or the gradients are to
            be clipped. MMEngine would clip the part of each process by a
            different norm.
    """

    def __init__(self, *, model_wrapper=None, state_dict_cfg='full', **kwargs):
        model_wrapper = dict(model_wrapper or {})
        if model_wrapper.get('auto_wrap_policy'):
            raise ValueError(
                'strategy.model_wrapper.auto_wrap_policy splits the model, '
                "but SPGHead reads A4's kernel from outside its layer. Remove "
                'it.'
            )
        model_wrapper.setdefault('type', 'MMFullyShardedDataParallel')
        if get_device() == 'cpu':
            model_wrapper['device_id'] = 'cpu'
        super().__init__(
            model_wrapper=model_wrapper,
            state_dict_cfg=state_dict_cfg,
            **kwargs,
        )

    def build_optim_wrapper(self, optim_wrapper, model=None):
        """Build the wrapper, and refuse one that would clip."""
        if isinstance(optim_wrapper, dict) and optim_wrapper.get('clip_grad'):
            raise ValueError(
                'optim_wrapper.clip_grad: under FSDP MMEngine would clip the '
                'part of each process by a different norm. Set '
                'optim_wrapper.clip_grad=None, or train without `strategy`.'
            )
        return super().build_optim_wrapper(optim_wrapper, model)
