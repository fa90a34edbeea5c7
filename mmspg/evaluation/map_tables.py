"""Tables of the choice of a map and its steps, in Markdown."""

from .functional.steps import steps_in_words
from .map_choice import (
    CENTRED,
    STEPS_TRIED,
    Comparison,
    MapComparison,
    choose,
    chosen,
)
from .paired_hits import Reading

__all__ = [
    'choice_table',
    'compare_choices',
    'measured_table',
    'training_table',
    'views_table',
]


def training_table(compared: MapComparison, best: Reading) -> str:
    """Tabulate all maps at the end of a training, and say which is used."""
    maps, centred, start = compared
    others = [one for one in maps.known if one != start]
    gains = dict(zip(others, maps.gains(others, start), strict=True))
    lines = [
        f'GT-known on {maps.number} validation images, each map at its best '
        f"threshold, and what it gains over the config's map {start.source}. "
        'The intervals (95 %) hold for all maps together.',
        f'{"map":16}{"%":>6}  threshold  gained',
    ]
    for one in sorted(maps.known, key=lambda one: -maps.figure(one)[0]):
        figure, threshold = maps.figure(one)
        mark = '  <- chosen' if one == best else ''
        line = f'{one.source:16}{figure:6.1f}  {threshold:<9.2f}  '
        lines.append(f'{line}{gains.get(one, "")}'.rstrip() + mark)
    figure, share = centred.figure(CENTRED)
    lines.append(f'{"centred box":16}{figure:6.1f}  {share:.0%} of the sides')
    if best == start:
        lines.append(f'{start.source} is kept, as no map is better.')
    elif gains[best].low > 0:
        lines.append(f'{best.source} replaces {start.source}.')
    else:
        lines.append(
            f'{best.source} replaces {start.source}. So few images cannot '
            'show that it is better, as its interval contains zero. It is '
            'the better guess nevertheless, see docs/better_boxes.md.'
        )
    if figure >= maps.figure(best)[0]:
        lines.append(
            'No map is better than the centred box, so the network has '
            'learnt little about where the object is: add images, or '
            'train longer.'
        )
    else:
        lines.append(
            'For better boxes in more time: python '
            'tools/analysis_tools/choose_maps.py CHECKPOINT --views'
        )
    return '\n'.join(lines)


def choice_table(comparison: Comparison) -> str:
    """Tabulate the figures of all single maps with all steps."""
    head = ['map', *map(steps_in_words, STEPS_TRIED)]
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    for source in comparison.sources:
        if '*' not in source:
            figures = [
                f'{comparison.figure(Reading.of(source, steps))[0]:.1f}'
                for steps in STEPS_TRIED
            ]
            lines.append('| ' + ' | '.join([source, *figures]) + ' |')
    return '\n'.join(lines)


def measured_table(
    comparison: Comparison, test: Comparison, start: Reading, best: Reading
) -> str:
    """Tabulate the figures of other images at these thresholds."""
    shown = [Reading.of(start.source, steps) for steps in STEPS_TRIED]
    shown += [Reading.of(s, []) for s in test.sources if '*' not in s]
    return _measured(comparison, test, [start, *shown, best], best)


def views_table(
    comparison: Comparison, test: Comparison, best: Reading
) -> str:
    """Tabulate what views of a map gain on other images.

    Args:
        comparison (Comparison): Of `collect_views`; gives the thresholds.
        test (Comparison): The same of the other images.
        best (Reading): The views that were chosen.
    """
    shown = [Reading(name, best.steps) for name in comparison.sources]
    return _measured(comparison, test, shown, best)


def _measured(comparison, test, readings, best):
    lines = [
        '| map and steps | threshold | GT-known | gained |',
        '|---|---|---|---|',
    ]
    start = readings[0]
    first = start, comparison.figure(start)[1]
    for reading in dict.fromkeys(readings):
        threshold = comparison.figure(reading)[1]
        gain = test.gain_at((reading, threshold), first)
        cells = [
            f'{reading}' + (' (chosen)' if reading == best else ''),
            f'{threshold:.2f}',
            f'{test.figure_at(reading, threshold):.1f}',
            '' if reading == start else str(gain),
        ]
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def compare_choices(
    by_boxes: Comparison, start: Reading, comparison: Comparison, best: Reading
) -> str:
    """Compare the choice by proposals with the choice by true boxes."""
    other = chosen(choose(by_boxes, start), start)
    own = by_boxes.figure_at(best, comparison.figure(best)[1])
    figure, threshold = by_boxes.figure(other)
    return (
        f'GT-known of this choice: {own:.1f}. True boxes would have chosen '
        f'{other}, threshold {threshold:g}: {figure:.1f}'
    )
