"""Find the image that a name in an annotation file stands for."""

import os
from collections.abc import Iterable

from .class_lists import compose

__all__ = ['Paths', 'match_names']


class Paths:
    """The paths of images, to look up the names of annotation files.

    Args:
        paths (Iterable[str]): The paths, with '/'.
        suffixes (bool): Whether suffixes count. If not, 'a/1.xml' is a name
            of 'a/1.jpg'.
    """

    def __init__(self, paths: Iterable[str], suffixes: bool = True):
        self.suffixes = suffixes
        self.by_name: dict[str, list[str]] = {}
        self.folders: set[str] = set()
        for path in paths:
            *above, name = self._parts(path)
            self.folders.update(above)
            self.by_name.setdefault(name, []).append(path)

    def near(self, name: str) -> list[str]:
        """Give the paths that a name can mean; see :func:`match_names`."""
        parts = self._parts(name)
        same = self.by_name.get(parts[-1], []) if parts else []
        exact = [path for path in same if self._parts(path) == parts]
        if exact:
            return exact[:1]
        near = [path for path in same if _one_ends(self._parts(path), parts)]
        if not near and self.folders.isdisjoint(parts[:-1]):
            return same
        return near

    def find(self, name: str) -> str | None:
        """Give the only path that a name can mean, or None.

        Annotations may lie in a folder of their own (cat/labels/1.xml of
        cat/1.jpg): folders that have no image count for nothing.
        """
        near = self.near(name)
        if not near:
            *above, base = self._parts(name) or ['']
            known = self.folders.intersection(above)
            near = [
                path
                for path in self.by_name.get(base, [])
                if known <= set(self._parts(path))
            ]
        return near[0] if len(near) == 1 else None

    def _parts(self, path: str) -> list[str]:
        """Split a path of any system, and write accents in one way."""
        path = compose(path.replace('\\', '/'))
        if not self.suffixes:
            path = os.path.splitext(path)[0]
        return [part for part in path.split('/') if part not in ('', '.')]


def match_names(
    names: Iterable[str], paths: Iterable[str], source: str, root: str
) -> dict[str, str]:
    r"""Match names of annotation files with images.

    Labeling tools write paths from another folder ('images/1.jpg' or
    'C:\photos\cat\1.jpg'), or the base name alone. A name therefore means
    the image whose path it ends with, or whose path ends with it. If none of
    its folders is known, it means the only image with its base name.

    Args:
        names (Iterable[str]): The names as the file has them.
        paths (Iterable[str]): The paths of the images below ``root``, with
            '/'.
        source (str): The annotation file, for messages.
        root (str): The folder of the images, for messages.

    Returns:
        dict[str, str]: ``{name: path}`` for all names.

    Raises:
        ValueError: A name can mean no image or several, or two names mean
            the same image.

    Example:
        >>> match_names(['1.jpg', 'a\\b\\2.jpg'], ['b/1.jpg', 'b/2.jpg'],
        ...             'boxes.json', 'photos')
        {'1.jpg': 'b/1.jpg', 'a\\b\\2.jpg': 'b/2.jpg'}
    """
    index = Paths(paths)
    found, owners, strange = {}, {}, []
    for name in names:
        near = index.near(name)
        if not near:
            strange.append(name)
            continue
        if len(near) > 1:
            raise ValueError(
                f'{source}: {name!r} may be {near[0]} or {near[1]} below '
                f'{root}. Write the path of the image below that folder.'
            )
        found[name] = near[0]
        other = owners.setdefault(near[0], name)
        if other != name:
            raise ValueError(
                f'{source}: {other!r} and {name!r} both mean the image '
                f'{near[0]} below {root}. Write their paths below that '
                'folder.'
            )
    if strange:
        raise ValueError(
            f'{source} has {len(strange)} images that are not below {root}, '
            f'for example {sorted(strange)[:3]}. Write the names of the '
            'images, or their paths below that folder, as class/name.jpg.'
        )
    return found


def _one_ends(one: list[str], two: list[str]) -> bool:
    """Whether one path ends with the other."""
    short = min(len(one), len(two))
    return one[-short:] == two[-short:]
