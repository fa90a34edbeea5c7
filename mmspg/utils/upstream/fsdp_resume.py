"""Resume a training whose optimiser is split over processes (FSDP)."""

from mmengine._strategy import FSDPStrategy
from torch.distributed.fsdp import FullyShardedDataParallel

__all__ = ['ResumableFSDPStrategy']

ISSUES = (
    # PyTorch 2.1 changed the order of the arguments.
    'https://github.com/pytorch/pytorch/pull/96534',
    'https://github.com/open-mmlab/mmengine/blob/v0.10.7/mmengine/_strategy/'
    'fsdp.py',
)
REMOVE_WHEN = (
    'MMEngine calls `optim_state_dict_to_load` by names, or in the order of '
    'PyTorch 2.1'
)


class ResumableFSDPStrategy(FSDPStrategy):
    """MMEngine's ``FSDPStrategy``, which can be resumed.

    MMEngine (0.10.7, OneDL's 0.10.12) gives the arguments of
    ``optim_state_dict_to_load`` in the order of PyTorch 2.0. So its FSDP
    trains and saves, but a resume ends with ``TypeError: unhashable type:
    'dict'``. Here the arguments have names.
    """

    def load_optim_state_dict(self, state_dict: dict) -> None:
        """Give each process its share of a whole optimiser's state.

        Args:
            state_dict (dict): The optimiser's state in the checkpoint.
        """
        state = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model,
            optim=self.optim_wrapper.optimizer,
            optim_state_dict=state_dict,
        )
        self.optim_wrapper.load_state_dict(state)
