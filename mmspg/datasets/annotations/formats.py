"""Readers of the files that annotations come in, one function a format.

Each returns plain values with the ``'file:line'`` they came from, and
raises ValueError with file and line on anything it cannot read.
"""

import csv
import xml.parsers.expat
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, NoReturn
from xml.etree import ElementTree

from .class_lists import check_name
from .encodings import decode_xml, encoding_of

MAX_XML_DEPTH = 32
MAX_XML_BYTES = 2**20  # an annotation is a few KiB; parsed it takes 100 times
MAX_NUMBER = 2**31 - 1  # whatever is larger is a slip, and overflows later
MAX_SHOWN = 200  # characters of a bad line that a message repeats


class Box(NamedTuple):
    """A box as a file writes it, and where: ``xyxy`` are 4 numbers."""

    xyxy: tuple[float, ...]
    source: str


class VOCImage(NamedTuple):
    """An image of a VOC annotation; ``size`` is (w, h).

    ``boxes`` are inclusive corners as the file has them, which may count
    pixels from 0 or from 1; ``database`` is what the file says it is from.
    """

    size: tuple[int, int]
    names: list[str]
    boxes: list[Box]
    database: str = ''


def fail(where: str, got, expected: str) -> NoReturn:
    """Raise the ValueError of a line that is not as expected."""
    got = repr(got)
    if len(got) > MAX_SHOWN:
        got = f'{got[:MAX_SHOWN]}... ({len(got)} characters)'
    raise ValueError(f'{where}: expected {expected}, got {got}.')


def integer(text: str, where: str, what: str, low: int = 0) -> int:
    """Parse an integer of at least ``low``, or say where it is none."""
    value = None
    with suppress(ValueError):
        value = int(text)
    if value is None or not low <= value <= MAX_NUMBER:
        fail(where, text, f'{what} (an integer, {low} to {MAX_NUMBER})')
    return value


def numbers(texts, where: str, what: str) -> tuple[float, ...]:
    """Parse numbers up to MAX_NUMBER, or say where they are none."""
    try:
        values = tuple(float(text) for text in texts)
    except ValueError:
        values = (float('nan'),)
    if not all(abs(v) <= MAX_NUMBER for v in values):  # no NaN is
        fail(where, ' '.join(texts), what)
    return values


def read_lines(path: str) -> Iterator[tuple[str, str]]:
    """Yield ``('file:line', text)`` of the lines that are not blank."""
    with open(path, encoding=encoding_of(path)) as f:
        number = 0
        try:
            for number, line in enumerate(f, 1):
                if line.strip():
                    yield f'{path}:{number}', line.strip()
        except UnicodeError as e:
            raise ValueError(
                f'{path}:{number + 1}: not text in UTF-8: {e}. Save the file '
                'as UTF-8.'
            ) from e


def read_names(path: str) -> list[str]:
    """Read class names, a name a line; the lines are the labels.

    Raises:
        ValueError: An empty line among them, which would shift the labels;
            a name that :func:`check_name` refuses.
    """
    names = []
    for where, line in read_lines(path):
        if where != f'{path}:{len(names) + 1}':
            fail(f'{path}:{len(names) + 1}', '', 'a class name a line')
        names.append(check_name(line, where))
    return names


def read_columns(
    path: str, num: int, expected: str, sep: str = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield ``('file:line', columns)``.

    Args:
        path (str): File with ``num`` columns a line.
        num (int): Number of columns; the separator may occur in the first
            column of a comma-separated file, and in the last of others.
        expected (str): What a line holds, for the message.
        sep (str, optional): ',' or white space (default).
    """
    for where, line in read_lines(path):
        columns = (line.rsplit if sep else line.split)(sep, num - 1)
        if len(columns) != num:
            fail(where, line, expected)
        yield where, columns


def read_table(
    path: str, num: int, expected: str, sep: str = None
) -> dict[str, tuple[str, list[str]]]:
    """Read columns into ``{first column: ('file:line', the others)}``.

    Raises:
        ValueError: A malformed line, or a key that comes twice.
    """
    table = {}
    for where, (key, *rest) in read_columns(path, num, expected, sep):
        if key in table:
            raise ValueError(
                f'{where}: {key!r} was given before, at {table[key][0]}.'
            )
        table[key] = where, rest
    return table


def read_synset_mapping(path: str) -> dict[str, str]:
    """Read LOC_synset_mapping.txt, ``{wnid: names}`` in the file's order."""
    table = read_table(path, 2, "'wnid names', n01440764 tench for example")
    return {wnid: names for wnid, (_, (names,)) in table.items()}


def read_voc_xml(path: str) -> VOCImage:
    """Read a VOC-style XML annotation; corners are inclusive pixels.

    The corners are as the file has them: ILSVRC counts pixels from 0, the
    devkit of PASCAL VOC from 1; :func:`voc_origin` tells which. Document
    types and entities are refused: annotations have none, and entities can
    blow up in memory.

    Raises:
        ValueError: Malformed, or a field is missing; names file and line.
    """
    builder = ElementTree.TreeBuilder()
    parser = xml.parsers.expat.ParserCreate('utf-8')
    depth = 0

    def refuse(what):
        raise ValueError(f'{path}:{parser.CurrentLineNumber}: {what}.')

    def refuse_entities(*_):
        refuse(
            'a document type (DOCTYPE, ENTITY) is not allowed in an annotation'
        )

    def start(tag, _):
        nonlocal depth
        depth += 1
        if depth > MAX_XML_DEPTH:
            refuse(f'nested deeper than {MAX_XML_DEPTH}')
        builder.start(tag, {'line': str(parser.CurrentLineNumber)})

    def end(tag):
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse_entities
    parser.EntityDeclHandler = refuse_entities
    try:
        with open(path, 'rb') as f:
            content = f.read(MAX_XML_BYTES + 1)
        if len(content) > MAX_XML_BYTES:
            raise ValueError(
                f'{path}: larger than {MAX_XML_BYTES} bytes, so it is no '
                'annotation of an image.'
            )
        parser.Parse(decode_xml(content, path), True)
    except xml.parsers.expat.ExpatError as e:
        raise ValueError(
            f'{path}:{e.lineno}: malformed XML: '
            f'{xml.parsers.expat.ErrorString(e.code)}.'
        ) from e
    root = builder.close()

    def text(parent, tag) -> tuple[str, str]:
        node = parent.find(tag)
        if node is None:
            fail(
                f'{path}:{parent.get("line")}',
                parent.tag,
                f'<{tag}> inside <{parent.tag}>',
            )
        return (node.text or '').strip(), f'{path}:{node.get("line")}'

    width, height = (
        integer(*text(root, f'size/{side}'), f'the {side} in pixels', 1)
        for side in ('width', 'height')
    )
    names, boxes = [], []
    for node in root.findall('object'):
        names.append(check_name(*text(node, 'name')))
        box: list[float] = []
        for tag in ('xmin', 'ymin', 'xmax', 'ymax'):
            value, where = text(node, f'bndbox/{tag}')
            box += numbers([value], where, f'<{tag}>, a number')
        boxes.append(Box(tuple(box), where))
    database = (root.findtext('source/database') or '').strip()
    return VOCImage((width, height), names, boxes, database)


def read_solution_csv(path: str) -> dict[str, tuple[list[str], list[Box]]]:
    """Read Kaggle's LOC_{train,val}_solution.csv; corners are inclusive.

    Lines are ``ImageId,PredictionString``, the string repeating
    ``wnid xmin ymin xmax ymax``.

    Returns:
        dict: ``{image id: (wnids, boxes)}``.
    """
    out = {}
    expected = "'ImageId,wnid xmin ymin xmax ymax ...'"
    with open(path, encoding=encoding_of(path), newline='') as f:
        rows = csv.reader(f)
        try:
            for row in rows:
                where = f'{path}:{rows.line_num}'
                if row[:1] == ['ImageId'] or not row:
                    continue
                words = row[1].split() if len(row) == 2 else []
                if not words or len(words) % 5:
                    fail(where, ','.join(row), expected)
                if row[0] in out:
                    raise ValueError(f'{where}: image {row[0]!r} again.')
                groups = [words[i : i + 5] for i in range(0, len(words), 5)]
                out[row[0]] = (
                    [g[0] for g in groups],
                    [
                        Box(numbers(g[1:], where, expected), where)
                        for g in groups
                    ],
                )
        except (csv.Error, UnicodeError) as e:
            raise ValueError(f'{path}:{rows.line_num}: {e}.') from e
    return out


def read_blacklist(path: str) -> list[int]:
    """Read the ILSVRC devkit's blacklist: a validation number a line."""
    return [
        integer(line, where, 'the number of a validation image', 1)
        for where, line in read_lines(path)
    ]


def agree(images, file_of_images: str, entries, file_of_entries: str) -> None:
    """Check that a file has an entry for exactly the images of a list.

    Raises:
        ValueError: Lists the first few of either that the other lacks.
    """
    images, entries = dict.fromkeys(images), dict.fromkeys(entries)
    for here, there, names in (
        (
            file_of_images,
            file_of_entries,
            [i for i in images if i not in entries],
        ),
        (
            file_of_entries,
            file_of_images,
            [e for e in entries if e not in images],
        ),
    ):
        if names:
            raise ValueError(
                f'{here} and {there} disagree: {len(names)} images of {here} '
                f'are not in {there}, {names[:3]} for example. Both must be '
                'of the same data set and version.'
            )
