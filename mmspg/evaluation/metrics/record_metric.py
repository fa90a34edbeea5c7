"""A metric whose figures do not depend on how many processes ran it."""

from mmengine.dist import (
    broadcast_object_list,
    collect_results,
    get_world_size,
    is_main_process,
)
from mmengine.evaluator import BaseMetric

from mmspg.utils.warn import warn

from ..samples import sample_index


class RecordMetric(BaseMetric):
    """One small record a sample, told apart by the sample's index.

    MMEngine interleaves the processes' results and cuts the list at the
    length of the data set. That is right for one sampler only: shares of
    uneven length lose records, and a sampler that repeats other samples than
    the first puts some in twice. Here every process hands over its share
    whole, and a sample that was repeated counts once.

    Subclasses write `record` and ``compute_metrics``, which gets the records
    in the order of the data set.

    Args:
        collect_device (str): 'cpu' or 'gpu', see MMEngine's BaseMetric.
            Defaults to 'cpu'.
        prefix (str, optional): Comes before the names of the figures.
        collect_dir (str, optional): A folder that all processes share.
    """

    def record(self, sample):
        """Give what is kept of one sample, at most 1 KiB.

        Args:
            sample (dict): A data sample after prediction, as a dictionary.
        """
        raise NotImplementedError

    def process(self, data_batch, data_samples):
        """Keep a record of every sample of a batch."""
        for sample in data_samples:
            self.results.append((sample_index(sample), self.record(sample)))

    def share(self):
        """Give what this process hands over."""
        return self.results

    def merge(self, shares):
        """Merge the shares into the results and the number of samples."""
        records = {}
        for index, record in (item for share in shares for item in share):
            records.setdefault(index, record)
        return [records[index] for index in sorted(records)], len(records)

    def evaluate(self, size):
        """Give the figures of all processes' samples, on every process.

        Args:
            size (int): Number of samples of the data set.

        Returns:
            dict: Figures by prefixed name.

        Raises:
            ValueError: There was no sample. An error of ``compute_metrics``
                is raised on every process: none waits for another for ever.
        """
        shares = collect_results(
            [self.share()],
            get_world_size(),
            self.collect_device,
            tmpdir=self.collect_dir,
        )
        outcome = [None]
        if is_main_process():
            try:
                outcome = [self._figures(shares, size)]
            except Exception as error:
                if get_world_size() == 1:
                    raise
                outcome = [error]
        broadcast_object_list(outcome)
        self.results.clear()
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def _figures(self, shares, size):
        results, number = self.merge(shares)
        name = type(self).__name__
        if number == 0:
            raise ValueError(
                f'{name}: the evaluated split is empty, no sample was seen; '
                'look at ann_file and split of the data loader'
            )
        if number != size:
            warn(f'{name}: the figures are of {number} of {size} samples')
        figures = self.compute_metrics(results)
        return {f'{self.prefix}/{key}': v for key, v in figures.items()}


def warn_flat(metric, flat, number):
    """Tell how many maps of the model had nothing to cut.

    Args:
        metric (RecordMetric): Who tells.
        flat (int): Maps that are constant, or not finite.
        number (int): How many maps there are.
    """
    if flat:
        warn(
            f'{type(metric).__name__}: {flat} of {number} score maps are '
            'constant or not finite, and were taken as zeros: they have no box'
        )
