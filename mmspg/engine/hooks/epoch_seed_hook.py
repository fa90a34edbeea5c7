"""Random numbers that depend on the epoch, not on how one got there."""

from functools import partial
from typing import Any

import numpy as np
from mmengine.dist import broadcast_object_list, get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, set_random_seed
from torch.utils.data import DataLoader

from mmspg.registry import HOOKS


def derive_seed(seed: int, epoch: int, rank: int) -> int:
    """Mix three small integers into one seed.

    A sum would give epoch 1 of seed 0 the numbers of epoch 0 of seed 1;
    NumPy's ``SeedSequence`` does not.

    Args:
        seed (int): The seed of the run, not negative.
        epoch (int): The epoch (or iteration) that is about to begin.
        rank (int): The rank of the process.

    Returns:
        int: At least 0 and below 2 ** 31: MMEngine adds the number of the
        worker to it, and ``np.random.seed`` refuses 2 ** 32.
    """
    state = np.random.SeedSequence((seed, epoch, rank)).generate_state(1)
    return int(state[0] >> 1)


def end_workers(dataloader: DataLoader) -> None:
    """End persistent workers; the next epoch starts new ones.

    A loader keeps the iterator that owns them, and has no public way to let
    go of it.
    """
    dataloader._iterator = None


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Re-seed everything at the start of each training epoch.

    MMEngine seeds once, at start, and again with that same seed when it
    resumes. Dropout, crops and flips of a resumed run are therefore those of
    epoch 1 once more, and its weights differ from an unstopped run's. This
    hook seeds ``random``, NumPy and torch (all devices) from (seed, epoch,
    rank) before each epoch, so that what an epoch draws does not depend on
    what was drawn before it: not on a stop, nor on a validation in between.
    A run stopped at an epoch's end and resumed gives, on a CPU, the same
    weights bit for bit.

    - Workers of the data loader: MMEngine's ``worker_init_fn`` gives a
      worker the same seed whenever it starts, so that new workers repeat the
      first epoch's numbers in every epoch, while persistent ones go on with
      theirs, which a resumed run cannot know. Here the function gets the
      epoch's seed, and persistent workers are restarted at each epoch. A
      restart costs a fork (milliseconds) and makes ``persistent_workers``
      harmless as well as useless; where processes are spawned (Windows,
      macOS), it costs a few seconds an epoch. A ``worker_init_fn`` of one's
      own that takes no ``seed`` is left as it is: torch seeds its workers
      from the generator that was just seeded.
    - The sampler shuffles by its own (seed, epoch). Without
      ``randomness.seed`` a resumed run has built it with a new random seed
      before the checkpoint is read; it is given the run's.
    - The number of workers and of processes still matters: resume with the
      same.
    - ``IterBasedTrainLoop`` has no epochs. It is seeded once, from the
      iteration at which it starts: a resumed run does not repeat the
      numbers, but neither does it continue them.

    The priority is the highest, so that other hooks' draws at the epoch's
    start also come after the seed.

    Example:
        >>> custom_hooks = [dict(type='mmspg.EpochSeedHook')]
    """

    priority = 'HIGHEST'

    def before_train(self, runner) -> None:
        """Let all processes, and the sampler, agree on the run's seed."""
        # After a resume, and the same in every process even where
        # `diff_rank_seed` adds the rank to it.
        seed = [runner.seed]
        broadcast_object_list(seed)
        (self.seed,) = seed
        self.by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        # Any iterable may be the loader: vis_scheduler.py gives a list.
        dataloader: Any = runner.train_loop.dataloader
        batches = getattr(dataloader, 'batch_sampler', None)
        for owner in (dataloader, batches):
            sampler: Any = getattr(owner, 'sampler', None)
            if self.by_epoch and hasattr(sampler, 'seed'):
                sampler.seed = self.seed

    def before_train_epoch(self, runner) -> None:
        """Seed this process and the workers that it is about to start."""
        start = runner.epoch if self.by_epoch else runner.iter
        seed = derive_seed(self.seed, start, get_rank())
        set_random_seed(seed)
        dataloader = runner.train_loop.dataloader
        init_fn = getattr(dataloader, 'worker_init_fn', None)
        if isinstance(init_fn, partial) and 'seed' in init_fn.keywords:
            dataloader.worker_init_fn = partial(init_fn, seed=seed)
        end_workers(dataloader)

    def after_train(self, runner) -> None:
        """End the last epoch's workers now, not when Python finds time."""
        end_workers(runner.train_loop.dataloader)
