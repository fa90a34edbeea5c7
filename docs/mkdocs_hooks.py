"""The first page is the README; links to files that the site lacks."""

import os
import re
from pathlib import Path

from mkdocs.exceptions import PluginError

LINK = re.compile(r'(!?\[[^\]]*\])\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)')


def on_page_markdown(markdown, page, config, **kwargs):
    """Show the README first, and name files outside of docs/.

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

    return LINK.sub(lead, markdown)
