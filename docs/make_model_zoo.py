"""Write docs/model_zoo.md from the metafiles.

python docs/make_model_zoo.py
"""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]

HEAD = """\
# Model zoo

<!-- Written by docs/make_model_zoo.py from the metafiles: change those. -->

This page lists every recipe with its name for `get_model` and its config below
`configs/`. No weights of SPG are published: train, or [convert](migration.md)
those of the released codes. Figures are in percent. "published" are the
figures of the papers, and "measured" those of this code; [measured
once](measured.md) and [does SPG work?](evidence.md) say more.

FLOPs are the multiply-adds for the class scores of an image at the size of the
test input. SPG has those of SPG-plain, because class scores need neither B nor
C. ACoL's second classifier and the attributions (Backprop to MWP) run again
for each class whose map you ask for.
"""


def metafiles(root: Path) -> list[Path]:
    """List the files that model-index.yml imports."""
    index = yaml.safe_load((root / 'model-index.yml').read_text())
    return [root / path for path in index['Import']]


def million(number, unit, digits=1) -> str:
    """Write a number in millions or thousands of millions."""
    return '' if number is None else f'{number / unit:.{digits}f}'


def short(name: str) -> str:
    """Shorten the name of a figure."""
    for long in (' Localization Error', ' Loc Error', ' Error'):
        name = name.replace(long, ' err')
    name = name.replace(' (paper)', '').replace(' (measured)', '')
    return name.replace('*', r'\*')


def figures(model: dict, published: bool) -> str:
    """Give the figures of a model, published or measured."""
    return ', '.join(
        f'{short(name)} {value:.2f}'
        for result in model.get('Results') or []
        for name, value in result['Metrics'].items()
        if ('(paper)' in name) is published
    )


def table(models: list[dict]) -> str:
    """Give the Markdown table of some models."""
    lines = [
        '| name | config | data | parameters (M) | FLOPs (G) | published '
        '| measured |',
        '|---|---|---|---|---|---|---|',
    ]
    for model in models:
        metadata = model['Metadata']
        cells = (
            f'`{model["Name"]}`',
            f'`{model["Config"].removeprefix("configs/")}`',
            str(metadata.get('Training Data', '')),
            million(metadata.get('Parameters'), 1e6),
            million(metadata.get('FLOPs'), 1e9, 2),
            figures(model, published=True),
            figures(model, published=False),
        )
        lines.append(f'| {" | ".join(cells)} |'.replace('  |', ' |'))
    return '\n'.join(lines) + '\n'


def page(root: Path) -> str:
    """Give the whole page."""
    parts = [HEAD]
    for path in metafiles(root):
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
        where = path.parent.relative_to(root).as_posix()
        parts.append(f'## {where}\n\n{table(content["Models"])}')
    return '\n'.join(parts)


if __name__ == '__main__':
    (ROOT / 'docs/model_zoo.md').write_text(page(ROOT), encoding='utf-8')
