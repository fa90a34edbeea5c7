"""The guided loss of several processes is that of one with all pixels."""

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from mmspg.models.guidance import guided_bce


def batch():
    """Four images, one without a label and one without background."""
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(0, 2, (4, 5, 5)).astype(np.float32))
    mask = torch.from_numpy(
        rng.choice(np.array([0, 1, 255], np.uint8), (4, 5, 5))
    )
    mask[0] = 255
    mask[1][mask[1] == 0] = 255
    return logits, mask


def work(rank, world, store, out, balanced):
    dist.init_process_group(
        'gloo', init_method=f'file://{store}', rank=rank, world_size=world
    )
    logits, mask = batch()
    share = slice(0, 1) if rank == 0 else slice(1, 4)  # uneven
    logits = logits[share].requires_grad_()
    loss = guided_bce(logits, mask[share], sync=True, balanced=balanced)
    loss.backward()
    torch.save((loss.detach(), logits.grad), f'{out}/{rank}.pt')
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize('balanced', [False, True])
def test_mean_over_processes_is_the_loss_of_the_whole_batch(
    tmp_path, balanced
):
    mp.spawn(work, (2, tmp_path / 'store', tmp_path, balanced), nprocs=2)
    parts = [torch.load(tmp_path / f'{rank}.pt') for rank in range(2)]
    logits, mask = batch()
    logits.requires_grad_()
    whole = guided_bce(logits, mask, balanced=balanced)
    whole.backward()
    assert torch.allclose(sum(loss for loss, _ in parts) / 2, whole)
    # as DistributedDataParallel averages gradients
    grad = torch.cat([grad for _, grad in parts]) / 2
    assert torch.allclose(grad, logits.grad)
