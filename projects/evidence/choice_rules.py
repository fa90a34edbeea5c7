"""Which map should a training keep, if the validation part is small?

    python projects/evidence/choice_rules.py projects/evidence/light.csv

Draws n test images of each run, chooses among its maps on them and measures
the choice on the others. Three rules begin at the map of the config:

- 'it stays': that map stays, whatever the images say;
- 'best': the map with the best GT-known on the n images, as `MapChoiceHook`;
- 'sure': another map only if the interval of its gain leaves out zero, as
  tools/analysis_tools/choose_maps.py.

The table has the points of GT-known by which each choice lies below the best
map of the run. The thresholds are those of the validation part, so what a
small part does to the threshold is left out.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from study.measuring import unpack
from study.table import runs

from mmspg.evaluation.paired_hits import PairedHits, Reading

MAPS = ('attention', 'positive', 'features', 'b1', 'b2', 'fuse', 'c')
NUMBERS = (10, 25, 50, 100, 200)
TIMES = 20  # for each run and n


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('tables', type=Path, nargs='+')
    return parser.parse_args()


def hits_by_run(tables):
    """Hits ``(N,)`` of each map of each run on the test part."""
    found = defaultdict(dict)
    for table in tables:
        for row in runs(table).read():
            if row['hits'] and row['source'] in MAPS:
                run = table, *(row[k] for k in ('data_set', 'system', 'seed'))
                hits = unpack(row['hits'], int(row['images']))[0]
                found[run][Reading(row['source'])] = hits
    return {run: hits for run, hits in found.items() if len(hits) > 1}


def best(maps, start):
    """The map that is right most often; of equals the config's."""
    return max(maps.known, key=lambda one: (maps.figure(one)[0], one == start))


def sure(maps, start):
    """Go to a better map as long as it is better for sure."""
    while True:
        others = [one for one in maps.known if one != start]
        gains = zip(maps.gains(others, start), others, strict=True)
        better = [(gain.mean, one) for gain, one in gains if gain.low > 0]
        if not better:
            return start
        start = max(better)[1]


def losses(hits, start, number, dice):
    """Points below the run's best map, of each rule: ``(3,)``."""
    order = dice.permutation(len(hits[start]))
    few, rest = order[:number], order[number:]
    maps = PairedHits(
        {one: right[few, None] for one, right in hits.items()},
        [0],
        number,
        draws=500,
    )
    figures = {one: 100 * right[rest].mean() for one, right in hits.items()}
    chosen = start, best(maps, start), sure(maps, start)
    return [max(figures.values()) - figures[one] for one in chosen]


def main():
    args = parse_args()
    lost, dice = defaultdict(list), np.random.default_rng(0)
    for (_, data_set, *_), hits in hits_by_run(args.tables).items():
        for start in (Reading('attention'), Reading('c')):
            for number in NUMBERS if start in hits else ():
                if number < 0.7 * len(hits[start]):
                    lost[data_set, start.source, number] += [
                        losses(hits, start, number, dice) for _ in range(TIMES)
                    ]
    print("| data set | the config's map | n | it stays | best | sure |")
    print('|---|---|---|---|---|---|')
    for (data_set, source, number), rows in sorted(lost.items()):
        means = ' | '.join(f'{mean:.1f}' for mean in np.mean(rows, axis=0))
        print(f'| {data_set} | `{source}` | {number} | {means} |')


if __name__ == '__main__':
    main()
