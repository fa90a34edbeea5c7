"""Random numbers that depend on the epoch, not on how one got there."""

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
    - ``IterBasedTrainLoop`` has no epochs. Here the iterations between two
      checkpoints are what an epoch is there: they begin with a seed and
      with workers of their own, at the batch that the sampler is at.

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
        # Any iterable may be the loader: vis_scheduler.py gives a list.
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
        """End the last epoch's workers now, not when Python finds time."""
        end_workers(runner.train_loop.dataloader)
        if hasattr(runner.train_loop, 'dataloader_iterator'):
            runner.train_loop.dataloader_iterator = None
