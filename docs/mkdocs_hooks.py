"""Links of the pages to files of the repository, which the site lacks."""

import re
from pathlib import Path

from mkdocs.exceptions import PluginError

LINK = re.compile(r'(?<!!)\[([^\]]+)\]\((\.\./[^)#]+)\)')


def on_page_markdown(markdown, page, config, **kwargs):
    """Name a file outside of docs/ instead of linking to it.

    Raises:
        PluginError: There is no such file.
    """
    docs = Path(config.docs_dir)
    folder = (docs / page.file.src_uri).parent

    def name(link):
        target = (folder / link[2]).resolve()
        if target.is_relative_to(docs):
            return link[0]
        if not target.exists():
            raise PluginError(f'{page.file.src_uri}: no file {link[2]}')
        return f'`{target.relative_to(docs.parent).as_posix()}`'

    return LINK.sub(name, markdown)
