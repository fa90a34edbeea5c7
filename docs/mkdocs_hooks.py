"""The README as the first page, links out of docs/, and the drawing."""

import os
import re
from pathlib import Path

from mkdocs.exceptions import PluginError

LINK = re.compile(r'(!?\[[^\]]*\])\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)')
DRAWING = re.compile(r'^```mermaid\n.*?^```$', re.M | re.S)


def on_page_markdown(markdown, page, config, **kwargs):
    """Show the README first, name files outside of docs/, show drawings.

    GitHub draws a block marked ``mermaid`` by itself. The site shows the
    picture that was made of the block, so that it needs no script.

    Raises:
        PluginError: There is no such file.
    """
    docs = Path(config.docs_dir)
    here = written = (docs / page.file.src_uri).parent
    if page.file.src_uri == 'index.md':
        written = docs.parent
        markdown = (written / 'README.md').read_text(encoding='utf-8')

    def lead(link):
        text, path, anchor = link[1], link[2], link[3] or ''
        target = (written / path).resolve()
        if not target.exists():
            raise PluginError(f'{page.file.src_uri}: no file {path}')
        if target.is_relative_to(docs):
            return f'{text}({os.path.relpath(target, here)}{anchor})'
        return f'`{target.relative_to(docs.parent).as_posix()}`'

    name = f'images/{page.file.name}-1.svg'
    return LINK.sub(
        lead, DRAWING.sub(f'[![Drawing]({name})]({name})', markdown)
    )
