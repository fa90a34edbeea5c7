"""Make random numbers depend on the epoch, not on the way to it."""

from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from mmengine.dist import broadcast_object_list, get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, set_random_seed
from torch.utils.data import DataLoader

from mmspg.registry import HOOKS
from mmspg.utils.resume import piece_length


def derive_seed(seed: int, epoch: int, rank: int) -> int:
    """Mix three small integers into one seed.

    With a sum, epoch 1 of seed 0 would get the numbers of epoch 0 of seed 1.
    NumPy's ``SeedSequence`` avoids this.

    Args:
        seed (int): The seed of the run, not negative.
        epoch (int): The epoch (or iteration) that is about to begin.
        rank (int): The rank of the process.

    Returns:
        int: A seed from 0 to below 2 ** 31, since MMEngine adds the number
        of the worker to it, and ``np.random.seed`` refuses 2 ** 32.
    """
    state = np.random.SeedSequence((seed, epoch, rank)).generate_state(1)
    return int(state[0] >> 1)


def end_workers(dataloader: DataLoader) -> None:
    """End persistent workers, so that the next epoch starts new ones.

    The loader keeps the iterator that owns the workers, and it has no public
    way to drop it.
    """
    dataloader._iterator = None


def _index_batches(dataloader: DataLoader) -> Iterator[list[int]]:
    """Indices of all batches, epoch after epoch without end."""
    batches: Any = dataloader.batch_sampler
    if not len(batches):
        raise ValueError('the training data give no whole batch')
    epoch = 0
    while True:
        if epoch and hasattr(batches.sampler, 'set_epoch'):
            batches.sampler.set_epoch(epoch)
        yield from batches
        epoch += 1


class _Pieces:
    """The batches of a training by iterations, from the one it is at.

    It takes the place of the loop's ``dataloader_iterator``. Each piece is
    read by a loader of its own, which is given the indices: so a resumed run
    neither reads again what it has trained on, nor needs a sampler that can
    be moved.

    Args:
        loop (IterBasedTrainLoop): Whose batches these are.
        length (int): Iterations of a piece; 0: all are one piece.
        begin (Callable): Called with the loader of a piece that begins.
    """

    def __init__(self, loop, length: int, begin):
        self.loop, self.length, self.begin = loop, length, begin
        self.source = loop.dataloader
        self.indices = _index_batches(self.source)
        deque(islice(self.indices, loop.iter), maxlen=0)
        self.batches: Iterator | None = None
        # OpenMMLab's loop then reads as many batches as it has trained on;
        # OneDL's calls `skip_iter`.
        oneself = hasattr(loop, 'fast_forward_on_resume')
        self.passed = 0 if oneself else loop.iter

    def skip_iter(self, number: int) -> None:
        """Do nothing: the indices are where they have to be."""

    def __next__(self):
        if self.passed:
            self.passed -= 1
            return None
        at_end = self.length and self.loop.iter % self.length == 0
        if self.batches is None or at_end:
            self.batches = None  # ends the workers
            indices: Any = self.indices
            if self.length:
                number = self.length - self.loop.iter % self.length
                indices = list(islice(self.indices, number))
            source = self.source
            loader: DataLoader = DataLoader(
                source.dataset,
                batch_sampler=indices,
                num_workers=source.num_workers,
                collate_fn=source.collate_fn,
                pin_memory=source.pin_memory,
                timeout=source.timeout,
                worker_init_fn=source.worker_init_fn,
                multiprocessing_context=source.multiprocessing_context,
                prefetch_factor=source.prefetch_factor,
            )
            self.begin(loader)
            self.batches = iter(loader)
        return next(self.batches)


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Re-seed everything at the start of each training epoch.

    MMEngine seeds once at the start, and again with the same seed when it
    resumes. So dropout, crops and flips of a resumed run are those of epoch 1
    once more, and its weights differ from those of a run that never stopped.
    This hook seeds ``random``, NumPy and torch (all devices) from (seed,
    epoch, rank) before each epoch. So the numbers of an epoch do not depend
    on what was drawn before it, on a stop, or on a validation in between. On
    a CPU a run that was stopped at the end of an epoch and resumed gives the
    same weights bit for bit.

    - Workers of the data loader: MMEngine's ``worker_init_fn`` gives a
      worker the same seed whenever it starts. So new workers repeat the
      numbers of the first epoch in every epoch, while persistent ones go on
      with theirs, which a resumed run cannot know. Here the function gets the
      epoch's seed, and persistent workers are restarted at each epoch. A
      restart costs a fork (milliseconds) and makes ``persistent_workers``
      harmless and useless. If processes are spawned (Windows, macOS), it
      costs a few seconds in each epoch. Another ``worker_init_fn`` that takes
      no ``seed`` is left alone: torch seeds its workers from the generator
      that was just seeded.
    - The sampler shuffles by its own (seed, epoch). Without
      ``randomness.seed`` a resumed run has built it with a new random seed
      before the checkpoint is read. So it gets the seed of the run.
    - The number of workers and of processes still matters: resume with the
      same numbers.
    - ``IterBasedTrainLoop`` has no epochs. Here the iterations between two
      checkpoints are what an epoch is there: they begin with a seed and
      with workers of their own, at the batch that the sampler is at.

    The priority is the highest, so that what other hooks draw at the start
    of the epoch also comes after the seed.

    Example:
        >>> custom_hooks = [dict(type='mmspg.EpochSeedHook')]
    """

    priority = 'HIGHEST'

    def before_train(self, runner) -> None:
        """Let all processes, and the sampler, agree on the run's seed."""
        # This runs after a resume. The seed must be the same in every
        # process, even if `diff_rank_seed` adds the rank to it.
        seed = [runner.seed]
        broadcast_object_list(seed)
        (self.seed,) = seed
        # The loader may be any iterable: vis_scheduler.py gives a list.
        dataloader: Any = runner.train_loop.dataloader
        batches = getattr(dataloader, 'batch_sampler', None)
        for owner in (dataloader, batches):
            sampler: Any = getattr(owner, 'sampler', None)
            if hasattr(sampler, 'seed'):
                sampler.seed = self.seed

    def before_train_epoch(self, runner) -> None:
        """Seed this process and the workers that it is about to start."""
        loop = runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop):
            self._seed(runner.epoch, loop.dataloader)
            end_workers(loop.dataloader)
        elif getattr(loop.dataloader, 'batch_sampler', None) is not None:
            loop.dataloader_iterator = _Pieces(
                loop,
                piece_length(runner),
                lambda loader: self._seed(runner.iter, loader),
            )

    def _seed(self, number: int, dataloader: Any) -> None:
        """Seed by the number of an epoch or iteration."""
        seed = derive_seed(self.seed, number, get_rank())
        set_random_seed(seed)
        init_fn = getattr(dataloader, 'worker_init_fn', None)
        if isinstance(init_fn, partial) and 'seed' in init_fn.keywords:
            dataloader.worker_init_fn = partial(init_fn, seed=seed)

    def after_train(self, runner) -> None:
        """End the last epoch's workers now, not when Python collects them."""
        end_workers(runner.train_loop.dataloader)
        if hasattr(runner.train_loop, 'dataloader_iterator'):
            runner.train_loop.dataloader_iterator = None
