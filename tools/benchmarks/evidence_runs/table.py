"""One row for each map of each run, in a CSV file."""

import csv

COLUMNS = (
    *('data_set', 'system', 'source', 'setting', 'seed', 'side', 'epochs'),
    *('val_gt_known', 'val_top1', 'val_cls_top1', 'val_v2'),
    *('threshold', 'v2_thresholds'),
    *('gt_known', 'top1', 'cls_top1', 'v2', 'images', 'hits'),
    *('fate', 'seconds', 'date', 'versions'),
)
KEY = ('data_set', 'side', 'system', 'setting', 'seed')


def read(path):
    """The rows of a table, none without a file."""
    if not path.is_file():
        return []
    with path.open(newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def append(path, rows):
    """Append the rows of one run at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('a', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator='\n')
        if file.tell() == 0:
            writer.writeheader()
        writer.writerows(rows)


def key(row):
    """What tells a run from the others."""
    return tuple(str(row[name]) for name in KEY)
