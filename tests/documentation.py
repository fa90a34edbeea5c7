"""What the pages hold: code blocks, and the commands of the shell blocks."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.M | re.S)
FENCE = re.compile(r'^ *(?:```|~~~).*$', re.M)
# Pages beside those of docs/.
BESIDE = (
    *('README.md', 'CONTRIBUTING.md', 'configs/*/README.md'),
    'projects/*/*.md',
)
# Of a block: the first two are run, the others are no commands.
LANGUAGES = ('shell', 'python', 'text', 'bibtex', 'mermaid')
LOOP = re.compile(r'^for (\w+) in ([^;\n]+); do\n(.*?)^done$', re.M | re.S)
SET = re.compile(r'[A-Z_]+=[^$]*$')


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    language: str
    code: str


class Command(NamedTuple):
    """A command as a shell would split it; ``sets`` stand before it."""

    page: str
    words: list[str]
    sets: dict[str, str]

    def __str__(self):
        return f'{self.page}: {" ".join(self.words)}'


def read_pages(root: Path) -> dict[str, str]:
    """Give the text of all pages by path below the root."""
    paths = [path for name in BESIDE for path in sorted(root.glob(name))]
    paths += sorted((root / 'docs').rglob('*.md'))
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding='utf-8')
        for path in paths
        if path.is_file()
    }


def blocks(pages: dict[str, str], language: str = '') -> list[Block]:
    """Give the blocks of a language, or all, in the order of the pages."""
    found = [
        Block(page, *block)
        for page, text in pages.items()
        for block in BLOCK.findall(text)
    ]
    return [block for block in found if language in ('', block.language)]


def commands(block: Block) -> list[Command]:
    """Give the commands of a shell block; ``&&`` separates two.

    A loop over words is written out.
    """

    def unroll(loop):
        name, values, body = loop.groups()
        return ''.join(body.replace(f'${name}', v) for v in values.split())

    found = []
    code = LOOP.sub(unroll, block.code)
    for line in code.replace('\\\n', ' ').splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = words.index('&&') if '&&' in words else len(words)
            one, words = words[:end], words[end + 1 :]
            sets = {}
            while len(one) > 1 and SET.match(one[0]):
                name, _, value = one.pop(0).partition('=')
                sets[name] = value
            found.append(Command(block.page, one, sets))
    return found
