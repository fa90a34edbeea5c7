"""Bad input of any format, and what may come of it.

Inputs are of two kinds: good files with pieces cut out, repeated and put in,
and words of the format in any order. A reader may take an input, or refuse it
by an error of its own that names the file.

No atheris: what parses is expat, csv, json, Pillow and PyTorch in C, where it
sees no branches without a build of its own; what is ours is short.
"""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

LIMIT = 5  # seconds; what takes longer counts as a hang
NAME = 'named.jpg'  # what is read from memory

ODD = [
    *(b'-1', b'0', b'1e400', b'nan', b'inf', b'1_0', b'1.5', b'0x10'),
    *(b'9' * 30, b'9' * 5000, b'a' * 3000, b'[' * 2000),
    b'\xd9\xa3',  # a digit, but not ours
    b'\xc2\xb2',  # superscript two: isdigit() and no int()
    *(b'../../etc/passwd', b'/etc/passwd', b'..\\x', b'C:/x'),
    *(b'\x00', b'\xff\xfe', b'\xef\xbb\xbf', b'\xe2\x80\xa8'),
    *(b'\r', b'\n', b'\n\n', b' ', b',', b'"', b"'", b'{'),
]


@st.composite
def mutated(draw, originals, words):
    """A good file with a few cuts, repeats and insertions."""
    content = draw(st.sampled_from(originals))
    piece = st.sampled_from([*words, *ODD]) | st.binary(max_size=4)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.sampled_from([0, 0, 1, 2, 4, 16, 10**6]))
        middle = draw(piece | st.just(content[start:end] * 2) | st.just(b''))
        content = content[:start] + middle + content[end:]
    return content


def contents(originals, words=()):
    """Bad files of a format."""
    word = st.sampled_from([*words, *ODD]) | st.binary(max_size=3)
    shuffled = st.lists(word, max_size=30).map(b''.join)
    return mutated(originals, words) | shuffled


class Target(NamedTuple):
    """Something that reads, and what to feed it with."""

    strategy: st.SearchStrategy
    read: Callable[[Any, Path], Any]  # an input, a folder to write it to
    errors: tuple = (ValueError, FileNotFoundError)
    names_file: bool = True  # whether an error must name the file


def of_file(name, originals, words, read):
    """A target that reads one file."""

    def write_and_read(content, folder):
        (folder / name).write_bytes(content)
        return read(str(folder / name))

    return Target(contents(originals, words), write_and_read)


def of_folder(files, words, read):
    """A target that reads a folder, one file of which is bad."""

    def write_and_read(case, folder):
        bad, content = case
        for name, good in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if name == bad else good)
        return read(str(folder))

    cases = [
        st.tuples(st.just(name), contents([files[name]], words))
        for name in files
    ]
    return Target(st.one_of(cases), write_and_read)


class Hang(BaseException):
    """An input that takes too long; nobody's ``except Exception`` eats it."""


def _hang(*_):
    raise Hang


def attempt(target, content, folder, limit=LIMIT):
    """Give one input to a reader.

    Raises:
        AssertionError: It ended otherwise than by taking or refusing it.
    """
    # Seconds of this process, as a busy machine makes all others longer; and
    # of the clock, for a reader that waits.
    timers = {
        signal.ITIMER_PROF: (signal.SIGPROF, limit),
        signal.ITIMER_REAL: (signal.SIGALRM, 20 * limit),
    }
    old = {
        number: signal.signal(number, _hang) for number, _ in timers.values()
    }
    for timer, (_, seconds) in timers.items():
        signal.setitimer(timer, seconds)
    try:
        target.read(content, folder)
    except target.errors as error:
        named = str(folder) in str(error) or NAME in str(error)
        if target.names_file and not named:
            raise AssertionError(f'names no file: {error!r:.300}') from error
    except Hang:
        raise AssertionError(f'over {limit} s') from None
    except Exception as error:
        raise AssertionError(
            f'not an error of ours: {error!r:.300}'
        ) from error
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in old.items():
            signal.signal(number, handler)
