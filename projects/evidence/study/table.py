"""A table of results in a CSV file, which a second call goes on with."""

import csv
from pathlib import Path


class Table:
    """Rows in a CSV file.

    Args:
        path (Path): The file; it need not exist.
        columns (Sequence[str]): Names of the columns, in order.
        key (Sequence[str]): The columns that tell one run from the others.
    """

    def __init__(self, path, columns, key):
        self.path, self.columns, self.key = Path(path), columns, key

    def read(self):
        """The rows, each a dict of strings; none without a file."""
        if not self.path.is_file():
            return []
        with self.path.open(newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))

    def append(self, rows):
        """Append the rows of one run at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A table of an earlier version keeps the columns that it has.
        columns = list(next(iter(self.read()), self.columns))
        with self.path.open('a', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(
                file, columns, lineterminator='\n', extrasaction='ignore'
            )
            if file.tell() == 0:
                writer.writeheader()
            writer.writerows(rows)

    def key_of(self, row):
        """What tells a run from the others."""
        return tuple(str(row[name]) for name in self.key)

    def has(self, job):
        """Whether a row of this run is there."""
        return self.key_of(job) in map(self.key_of, self.read())


# One row for each map of each run of a study.
COLUMNS = (
    *('data_set', 'system', 'source', 'setting', 'seed', 'side', 'epochs'),
    *('val_gt_known', 'val_top1', 'val_cls_top1', 'val_v2'),
    *('threshold', 'v2_thresholds'),
    *('gt_known', 'top1', 'cls_top1', 'v2', 'images', 'hits'),
    *('fate', 'seconds', 'date', 'versions', 'swings'),
)
KEY = ('data_set', 'side', 'system', 'setting', 'seed')


def runs(path):
    """The table of a study's runs."""
    return Table(path, COLUMNS, KEY)
