"""Readers of text and CSV annotations, and of the values in them.

Each returns plain values with the ``'file:line'`` they came from, and
raises ValueError with file and line on anything it cannot read.
"""

import codecs
import csv
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, NamedTuple, NoReturn

from .class_lists import check_name

MARKS = (  # byte order marks; UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, 'utf-8-sig'),
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)
MAX_NUMBER = 2**31 - 1  # whatever is larger is a slip, and overflows later
MAX_SHOWN = 200  # characters of a bad line that a message repeats


class Box(NamedTuple):
    """A box as a file writes it, and where: ``xyxy`` are 4 numbers."""

    xyxy: tuple[float, ...]
    source: str


class AnnotatedImage(NamedTuple):
    """An image with its objects.

    ``name`` as the file has it; ``size`` (w, h), or None where the file does
    not say; ``objects`` are pairs of class name and :class:`Box`, whose
    corners are continuous.
    """

    name: str
    size: tuple[int, int] | None
    objects: list[tuple[str, Box]]


def encoding_of(head: bytes) -> str | None:
    """Give the encoding that a byte order mark names, or None."""
    return next((name for mark, name in MARKS if head.startswith(mark)), None)


def open_text(path: str) -> IO[str]:
    """Open a text file in the encoding that its byte order mark names.

    Without a mark it is UTF-8.
    """
    with open(path, 'rb') as f:
        encoding = encoding_of(f.read(4))
    return open(path, encoding=encoding or 'utf-8', newline='')


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
    with open_text(path) as f:
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


def read_solution_csv(path: str) -> dict[str, tuple[list[str], list[Box]]]:
    """Read Kaggle's LOC_{train,val}_solution.csv; corners are inclusive.

    Lines are ``ImageId,PredictionString``, the string repeating
    ``wnid xmin ymin xmax ymax``.

    Returns:
        dict: ``{image id: (wnids, boxes)}``.
    """
    out = {}
    expected = "'ImageId,wnid xmin ymin xmax ymax ...'"
    with open_text(path) as f:
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
    for here, there, one, other in (
        (file_of_images, file_of_entries, images, entries),
        (file_of_entries, file_of_images, entries, images),
    ):
        names = [name for name in one if name not in other]
        if names:
            raise ValueError(
                f'{here} and {there} disagree: {len(names)} images of {here} '
                f'are not in {there}, {names[:3]} for example. Both must be '
                'of the same data set and version.'
            )
