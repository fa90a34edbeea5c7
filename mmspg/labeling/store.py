"""Keep the boxes found so far on disk, so that labeling can be resumed."""

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from .records import LabelledBox, LabelledImage

__all__ = ['Listed', 'Store']

FILE = 'labels.sqlite'
LONGEST = 200  # bytes of a name; disks allow 255 including the suffix
TABLES = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS images (
    id INTEGER PRIMARY KEY,
    name TEXT UNIQUE,
    stem TEXT UNIQUE COLLATE NOCASE, -- as some disks ignore capitals
    stamp TEXT,   -- size and time of the file, to notice changes
    present INTEGER,
    split TEXT,
    label INTEGER, -- the class, if a folder names it
    width INTEGER,
    height INTEGER,
    plain INTEGER,
    boxes TEXT,   -- NULL until the image has been looked at
    fault TEXT    -- why the image could not be read
);
CREATE INDEX IF NOT EXISTS waiting ON images (label, id)
    WHERE boxes IS NULL AND fault IS NULL;
"""
# Looks again at images whose file or class has changed.
LIST = """
INSERT INTO images (name, stem, stamp, split, label, present)
VALUES (?, ?, ?, ?, ?, 1)
ON CONFLICT (name) DO UPDATE SET
    present = 1,
    split = excluded.split,
    boxes = iif(stamp IS excluded.stamp AND label IS excluded.label
                AND fault IS NULL, boxes, NULL),
    fault = NULL,
    stamp = excluded.stamp,
    label = excluded.label
"""
COLUMNS = 'id, name, stem, split, width, height, plain, boxes'


class Listed(NamedTuple):
    """An image to look at; ``label`` is its class, or None if unknown."""

    name: str
    split: str
    label: int | None = None


class Store:
    """The images of a folder and the boxes found in them.

    They are kept in a SQLite file. Memory therefore does not grow with the
    number of images, and a program that is killed loses only the last few
    seconds of work.

    Args:
        out (str | Path): The folder of the file, which is made if missing.
        images (str): The folder of the images.

    Raises:
        ValueError: The folder contains something else.
        OSError: The folder cannot be made.
    """

    def __init__(self, out: str | os.PathLike, images: str):
        out = Path(out)
        self.images = os.path.abspath(images)
        if out.is_dir() and any(out.iterdir()) and not (out / FILE).exists():
            raise ValueError(
                f'the folder {out} is not empty and was not written by this '
                'command. Give another folder with --out DIR.'
            )
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                f'the folder {out} cannot be made: {error}. Give another '
                'folder with --out DIR.'
            ) from error
        try:
            self.connection = sqlite3.connect(out / FILE, timeout=1)
            self.connection.executescript(TABLES)
            self.connection.execute('BEGIN EXCLUSIVE').connection.commit()
        except sqlite3.Error as error:
            raise ValueError(
                f'{out / FILE} cannot be used: {error}. If another program '
                'is writing to this folder, wait until it has finished. '
                'If the folder is read-only, give another one with --out DIR. '
                'Otherwise delete the file to start again.'
            ) from error

    def commit(self) -> None:
        """Write everything to the disk."""
        self.connection.commit()

    def close(self) -> None:
        """Write everything to the disk, and close the file."""
        self.commit()
        self.connection.close()

    def changed(self, settings: dict[str, Any]) -> dict[str, tuple]:
        """Compare settings with those that the boxes were made with.

        Args:
            settings (dict): Values that JSON can hold, by name.

        Returns:
            dict: ``{name: (old, new)}`` for the settings that differ. It is
            empty if there are no boxes yet.
        """
        rows = self.connection.execute('SELECT name, value FROM settings')
        old = {name: json.loads(value) for name, value in rows}
        new = json.loads(json.dumps(settings))
        return {
            name: (old.get(name), new.get(name))
            for name in sorted({*old, *new} if old else ())
            if old.get(name) != new.get(name)
        }

    def begin(self, settings: dict[str, Any], anew: bool = False) -> None:
        """Store the settings that the boxes are made with.

        Args:
            settings (dict): The settings, as for `changed`.
            anew (bool): Whether to forget the boxes found so far.
        """
        with self.connection:
            self.connection.execute('DELETE FROM settings')
            self.connection.executemany(
                'INSERT INTO settings VALUES (?, ?)',
                [(k, json.dumps(v)) for k, v in settings.items()],
            )
            if anew:
                self.connection.execute('DELETE FROM images')

    def list_images(self, listed: Iterable[Listed]) -> None:
        """Store the list of images, and forget those no longer in it."""
        with self.connection:
            self.connection.execute('UPDATE images SET present = 0')
            for image in listed:
                self._list(image)
            self.connection.execute('DELETE FROM images WHERE NOT present')

    def _list(self, image: Listed) -> None:
        status = os.stat(os.path.join(self.images, image.name))
        stamp = f'{status.st_size} {status.st_mtime_ns}'
        flat = image.name.replace('/', '+')
        if len(os.fsencode(flat)) > LONGEST:
            check = zlib.crc32(os.fsencode(flat))
            flat = f'{flat[: LONGEST // 4]}-{check:08x}'
        # The suffix stays if another image has the same name without it.
        for stem in (os.path.splitext(flat)[0].rstrip(), flat, f'{flat}+'):
            row = (image.name, stem, stamp, image.split, image.label)
            try:
                self.connection.execute(LIST, row)
                return
            except sqlite3.IntegrityError:
                continue
        raise ValueError(
            f'the name of {image.name} is too similar to those of other '
            'images. Rename the file.'
        )

    def number(self) -> tuple[int, int]:
        """Give the number of images looked at, and the number of all."""
        return self.connection.execute(
            'SELECT count(coalesce(boxes, fault)), count(*) FROM images'
        ).fetchone()

    def waiting(self, most: int) -> tuple[int | None, dict[str, int]]:
        """Give the next images to look at.

        Args:
            most (int): The largest number of images to give.

        Returns:
            tuple: The class that these images share, or None if it is not
            known, and ``{path: id}``.
        """
        rows = self.connection.execute(
            'SELECT id, name, label FROM images '
            'WHERE boxes IS NULL AND fault IS NULL ORDER BY label, id LIMIT ?',
            (most,),
        ).fetchall()
        if not rows:
            return None, {}
        label = rows[0][2]
        return label, {
            os.path.join(self.images, name): id
            for id, name, its in rows
            if its == label
        }

    def add(
        self,
        id: int,
        size: tuple[int, int],
        plain: bool,
        boxes: Sequence[LabelledBox],
    ) -> None:
        """Store the boxes of an image; see `LabelledImage`."""
        self.connection.execute(
            'UPDATE images SET width = ?, height = ?, plain = ?, boxes = ? '
            'WHERE id = ?',
            (*size, plain, json.dumps(boxes), id),
        )

    def add_fault(self, id: int, fault: str) -> None:
        """Store the reason why an image could not be read."""
        self.connection.execute(
            'UPDATE images SET fault = ? WHERE id = ?', (fault, id)
        )

    def faults(self) -> list[tuple[str, str]]:
        """List names of images that could not be read, and the reasons."""
        return self.connection.execute(
            'SELECT name, fault FROM images WHERE fault IS NOT NULL '
            'ORDER BY id'
        ).fetchall()

    def splits(self) -> dict[str, int]:
        """Count the images in each split, without unreadable ones."""
        rows = self.connection.execute(
            'SELECT split, count(*) FROM images WHERE boxes IS NOT NULL '
            'GROUP BY split'
        )
        return dict(sorted(rows.fetchall(), key=_by_use))

    def read(self, split: str | None = None) -> Iterator[LabelledImage]:
        """Yield the images that have been read."""
        cursor = self.connection.execute(
            f'SELECT {COLUMNS} FROM images WHERE boxes IS NOT NULL '
            'AND (split = ?1 OR ?1 IS NULL) ORDER BY id',
            (split,),
        )
        with closing(cursor):
            yield from map(self._image, cursor)

    def get(self, id: int) -> LabelledImage:
        """Give one image that has been read."""
        [row] = self.connection.execute(
            f'SELECT {COLUMNS} FROM images WHERE id = ?', (id,)
        )
        return self._image(row)

    def _image(self, row) -> LabelledImage:
        id, name, stem, split, width, height, plain, boxes = row
        return LabelledImage(
            id,
            os.path.join(self.images, name),
            name,
            stem,
            split,
            (width, height),
            bool(plain),
            [
                LabelledBox(label, score, tuple(xyxy), confidence)
                for label, score, xyxy, confidence in json.loads(boxes)
            ],
        )


def _by_use(item) -> int:
    order = ('train', 'val', 'test')
    return order.index(item[0]) if item[0] in order else len(order)
