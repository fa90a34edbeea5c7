"""Read text and CSV annotations, and the values in them.

Each reader returns plain values with the ``'file:line'`` they came from. It
raises a ValueError with file and line if it cannot read something.
"""

import codecs
import csv
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, NamedTuple, NoReturn

from .class_lists import check_name

MARKS = (  # byte order marks; UTF-32 comes first, as it begins like UTF-16
    (codecs.BOM_UTF8, 'utf-8-sig'),
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)
MAX_NUMBER = 2**31 - 1  # a larger number is a mistake, and would overflow
MAX_SHOWN = 200  # the most characters of a bad line that a message quotes


class Box(NamedTuple):
    """The four numbers of a box, and the place in a file they are from."""

    xyxy: tuple[float, ...]
    source: str


class AnnotatedImage(NamedTuple):
    """An image with its objects.

    ``name`` is as the file has it. ``size`` is (w, h), or None if the file
    does not say. ``objects`` are pairs of a class name and a :class:`Box`
    with continuous corners.
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
    """Raise a ValueError about a line that is not as expected."""
    got = repr(got)
    if len(got) > MAX_SHOWN:
        got = f'{got[:MAX_SHOWN]}... ({len(got)} characters)'
    raise ValueError(f'{where}: expected {expected}, got {got}.')


def integer(text: str, where: str, what: str, low: int = 0) -> int:
    """Parse an integer of at least ``low``, or raise a ValueError."""
    value = None
    with suppress(ValueError):
        value = int(text)
    if value is None or not low <= value <= MAX_NUMBER:
        fail(where, text, f'{what} (an integer, {low} to {MAX_NUMBER})')
    return value


def numbers(texts, where: str, what: str) -> tuple[float, ...]:
    """Parse numbers up to MAX_NUMBER, or raise a ValueError."""
    try:
        values = tuple(float(text) for text in texts)
    except ValueError:
        values = (float('nan'),)
    if not all(abs(v) <= MAX_NUMBER for v in values):  # False for NaN, too
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
                f'{path}:{number + 1}: this line is not text in UTF-8: {e}. '
                'Save the file as UTF-8.'
            ) from e


def read_names(path: str) -> list[str]:
    """Read class names from a file that has one in each line.

    The label of a class is the number of its line, counted from 0.

    Raises:
        ValueError: A line is empty, which would shift the labels, or
            :func:`check_name` refuses a name.
    """
    names = []
    for where, line in read_lines(path):
        if where != f'{path}:{len(names) + 1}':
            fail(f'{path}:{len(names) + 1}', '', 'a class name in every line')
        names.append(check_name(line, where))
    return names


def read_columns(
    path: str, num: int, expected: str, sep: str = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield ``('file:line', columns)``.

    Args:
        path (str): The file.
        num (int): The number of columns in each line. The first column of
            a comma-separated file may contain the separator; in other
            files the last column may.
        expected (str): What a line holds, for the message.
        sep (str, optional): The separator, ',' or white space (default).
    """
    for where, line in read_lines(path):
        columns = (line.rsplit if sep else line.split)(sep, num - 1)
        if len(columns) != num:
            fail(where, line, expected)
        yield where, columns


def read_table(
    path: str, num: int, expected: str, sep: str = None
) -> dict[str, tuple[str, list[str]]]:
    """Read columns into ``{first column: ('file:line', other columns)}``.

    Raises:
        ValueError: A line is malformed, or a key occurs twice.
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

    Each line is ``ImageId,PredictionString``. The string repeats
    ``wnid xmin ymin xmax ymax`` for each object.

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
                    raise ValueError(
                        f'{where}: an earlier line also has the image '
                        f'{row[0]!r}. Remove one of them.'
                    )
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
    """Read the ILSVRC devkit's blacklist, an image number in each line."""
    return [
        integer(line, where, 'the number of a validation image', 1)
        for where, line in read_lines(path)
    ]


def agree(images, file_of_images: str, entries, file_of_entries: str) -> None:
    """Check that a file has entries for the images of a list, and no others.

    Raises:
        ValueError: With the first few images that one of them lacks.
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
                f'are not in {there}, for example {names[:3]}. Both files '
                'must belong to the same version of the data set.'
            )
