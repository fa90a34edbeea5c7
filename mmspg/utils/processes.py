"""What a job of several processes needs beyond MMEngine."""

import torch.distributed as dist


def leave_process_group():
    """Leave the process group at the end of a job, once all are there.

    MMEngine starts the group and never ends it. A process that exits with
    the group's threads still running can be aborted by the C++ runtime
    ("terminate called without an active exception"), and a launcher then
    takes a job that succeeded for a failed one. Nothing without a group.
    """
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
