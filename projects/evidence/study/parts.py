"""The images of each data set: to fit, to choose on, to measure on."""

import csv
from collections import defaultdict
from pathlib import Path

BOX = ('x0', 'y0', 'x1', 'y1')


def write_parts(source, target, fit, val, val_from='train', test=None):
    """Write the parts 'fit', 'val' and 'test' as WSOL metadata.

    The parts are the first images of each class in the order of
    ``split.csv``, the same in every run, and disjoint.

    Args:
        source (Path): Folder of the data set, with ``split.csv``.
        target (Path): Metadata root to write.
        fit (int): Training images of each class.
        val (int): Images of each class to choose settings and thresholds on.
        val_from (str): The split of ``split.csv`` that they are taken from,
            'train' or 'test'.
        test (int, optional): Images of each class to measure on; None is all.
    """
    boxes, labels = defaultdict(list), {}
    lists = dict(train=defaultdict(list), test=defaultdict(list))
    names = {}
    with (source / 'split.csv').open(newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            image, label = row['image'], int(row['class_index'])
            names[label] = row['class_name']
            if image not in labels:
                labels[image] = label
                lists[row['split']][label].append(image)
            if row['x0']:
                x0, y0, x1, y1 = (float(row[k]) for k in BOX)
                boxes[image].append((x0, y0, x1 - 1, y1 - 1))
    parts = dict(fit=[], val=[], test=[])
    for label in sorted(names):
        pool = lists[val_from][label]
        parts['val'] += pool[:val]
        del pool[:val]
        parts['fit'] += lists['train'][label][:fit]
        parts['test'] += lists['test'][label][:test]
    target.mkdir(parents=True)
    write(target / 'class_names.txt', (names[i] for i in sorted(names)))
    for part, images in parts.items():
        (target / part).mkdir()
        write(target / part / 'image_ids.txt', images)
        write(
            target / part / 'class_labels.txt',
            (f'{image},{labels[image]}' for image in images),
        )
        if part != 'fit':  # trained on without boxes
            write(
                target / part / 'localization.txt',
                (
                    ','.join((image, *(f'{v:g}' for v in box)))
                    for image in images
                    for box in boxes[image]
                ),
            )


def write(path, lines):
    """Write a text file, a line each."""
    Path(path).write_text(''.join(f'{line}\n' for line in lines))
