"""Tables of the choice of a map and its steps, in Markdown."""

from .functional.steps import steps_in_words
from .map_choice import STEPS_TRIED, Comparison, Reading, choose, chosen

__all__ = ['choice_table', 'compare_choices', 'measured_table']


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
    lines = [
        '| map and steps | threshold | GT-known | gained |',
        '|---|---|---|---|',
    ]
    first = start, comparison.figure(start)[1]
    for reading in dict.fromkeys([start, *shown, best]):
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
