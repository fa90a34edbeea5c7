"""A metric whose figures do not depend on the number of processes."""

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
    """Keep a small record of each sample, identified by its index.

    MMEngine interleaves the results of the processes and cuts the list at the
    length of the data set. That is right for only one sampler. Shares of
    different length lose records, and if the sampler repeats other samples
    than the first ones, some count twice. Here every process gives its whole
    share, and a sample that was repeated counts once.

    Subclasses write `record` and ``compute_metrics``, which gets the records
    in an order that does not depend on the processes.

    Args:
        collect_device (str): 'cpu' or 'gpu', see MMEngine's BaseMetric.
            Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names of the figures.
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
        """Give the share of this process."""
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
                is raised on every process, so that no process waits forever.
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
                f'{name}: the evaluated split is empty. Check ann_file and '
                'split of the data loader'
            )
        if number != size:
            warn(f'{name}: the figures cover {number} of {size} samples')
        figures = self.compute_metrics(results)
        return {f'{self.prefix}/{key}': v for key, v in figures.items()}


def warn_flat(metric, flat, number):
    """Warn of maps that are constant or not finite.

    Args:
        metric (RecordMetric): The metric that warns.
        flat (int): Number of these maps.
        number (int): Number of all maps.
    """
    if flat:
        warn(
            f'{type(metric).__name__}: {flat} of {number} score maps are '
            'constant or not finite. They count as zeros and have no box'
        )


def warn_empty(metric, empty, number):
    """Warn of ``empty`` images, of ``number``, whose masks are all black."""
    if empty:
        warn(
            f'{type(metric).__name__}: the masks of {empty} of {number} '
            'images have no true pixel, so no map can be right there. '
            'tools/misc/check_dataset.py CONFIG lists them'
        )
