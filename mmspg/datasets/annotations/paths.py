"""Keep the paths that annotation files name inside their root."""

import os
import os.path as osp
import unicodedata

HOW_TO_SET = {
    'data_root': 'Set the data root by --data-root DIR, by the environment '
    'variable MMSPG_DATA_ROOT, or as data_root in the config.',
    'metadata_root': 'Set metadata_root in the config to the folder that '
    'holds the folders of the splits.',
}


def is_plain(path: str) -> bool:
    r"""Whether a path can stand in a line of text and come back the same.

    Line breaks, control characters, bytes that are not UTF-8 and
    backslashes cannot, nor blanks at an end. Other blanks can: macOS puts a
    narrow one into the names of screenshots.

    Example:
        >>> is_plain('a b.jpg'), is_plain('a\nb.jpg')
        (True, False)
    """
    kinds = map(unicodedata.category, path)
    return (
        path == path.strip()
        and '\\' not in path
        and not any(kind in ('Cc', 'Cs', 'Zl', 'Zp') for kind in kinds)
    )


def inside(root: str, path: str, where: str) -> str:
    """Join ``root`` and a relative path read from an annotation file.

    Args:
        root (str): Directory that the path must stay in.
        path (str): Relative path with '/' separators.
        where (str): ``'file:line'`` of the path, for the message.

    Returns:
        str: The joined path. Symbolic links are the owner's own business.

    Raises:
        ValueError: An absolute path, or one that climbs out of the root.
    """
    parts = path.split('/')
    if (
        not path
        or '..' in parts
        or osp.isabs(path)
        or osp.splitdrive(path)[0]
        or not is_plain(path)
    ):
        raise ValueError(
            f'{where}: {path!r} is not a path inside {root}. Write it '
            "relative to that folder, with '/', and without '..'."
        )
    return osp.join(root, path)


def find(
    root: str, *candidates: str, what: str, setting: str = 'data_root'
) -> str:
    """Return the first of the candidates that exists under ``root``.

    Args:
        root (str): Directory to look in.
        *candidates (str): Paths below it.
        what (str): What is looked for, for the message.
        setting (str): Setting that gave the root; a key of HOW_TO_SET.

    Returns:
        str: The path found.

    Raises:
        FileNotFoundError: None exists; lists what was looked for.
    """
    paths = [osp.normpath(osp.join(root, c)) for c in candidates]
    for path in paths:
        if osp.exists(path):
            return path
    there = 'exists' if osp.isdir(root) else 'is no directory'
    raise FileNotFoundError(
        f'cannot find {what}: looked for {" or ".join(paths)}. The '
        f'{setting} {root!r} {there} (working directory {os.getcwd()}). '
        f'{HOW_TO_SET[setting]}'
    )
