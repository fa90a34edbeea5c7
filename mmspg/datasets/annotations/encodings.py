"""Which characters the bytes of an annotation file are."""

import codecs
import re

MARKS = (  # byte order marks; UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, 'utf-8-sig'),
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)
DECLARED = re.compile(
    rb'\s*<\?xml[^>]*?encoding\s*=\s*["\']([\w.:-]+)["\']', re.ASCII
)
# A file that names the smaller of these often has characters of the larger.
LARGER = {'gb2312': 'gb18030', 'gbk': 'gb18030'}


def encoding_of(path: str) -> str:
    """Give the encoding that a byte order mark names, or UTF-8."""
    with open(path, 'rb') as f:
        head = f.read(4)
    return next(
        (name for mark, name in MARKS if head.startswith(mark)), 'utf-8'
    )


def decode_xml(content: bytes, path: str) -> str:
    """Decode an XML file by its byte order mark or its declaration.

    expat knows four encodings only. One that Python does not know either,
    or that the first bytes belie, is taken for UTF-8.

    Raises:
        ValueError: Names file, line and encoding where the bytes do not fit.
    """
    found = DECLARED.match(content)
    name = next((e for mark, e in MARKS if content.startswith(mark)), None)
    if name is None and found:
        name = found[1].decode().lower()
        name = LARGER.get(name, name)
        if name.startswith(('utf-16', 'utf-32', 'ucs-')):
            name = None  # its declaration could not have been read
    try:
        return content.decode(name or 'utf-8')
    except LookupError:
        name = 'utf-8'
    except UnicodeError:
        pass
    try:
        return content.decode('utf-8')
    except UnicodeDecodeError as e:
        declared = f'declares {found[1].decode()}' if found else 'names none'
        raise ValueError(
            f'{path}:{content[: e.start].count(10) + 1}: malformed XML: its '
            f'bytes are not in the encoding of the file, which {declared} '
            f'({e.reason}). Save it as UTF-8.'
        ) from e
