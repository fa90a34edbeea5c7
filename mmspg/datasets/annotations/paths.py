"""Make sure that paths in annotation files stay inside their root."""

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
    r"""Whether a path can be written in a line of text and read back.

    A path with a line break, a control character, a backslash, a byte that
    is not UTF-8 or a blank at an end cannot. Other blanks are allowed: macOS
    puts a narrow one into the names of screenshots.

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
        root (str): The folder that the path must stay in.
        path (str): A relative path with '/'.
        where (str): The ``'file:line'`` of the path, for the message.

    Returns:
        str: The joined path. Symbolic links in it are not looked at.

    Raises:
        ValueError: The path is absolute, or leads out of the root.
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
        root (str): The folder to look in.
        *candidates (str): Paths below it.
        what (str): What is looked for, for the message.
        setting (str): The setting that gave the root, a key of HOW_TO_SET.

    Returns:
        str: The path found.

    Raises:
        FileNotFoundError: None of them exists.
    """
    paths = [osp.normpath(osp.join(root, c)) for c in candidates]
    for path in paths:
        if osp.exists(path):
            return path
    there = 'exists' if osp.isdir(root) else 'is not a folder'
    raise FileNotFoundError(
        f'cannot find {what}: looked for {" or ".join(paths)}. The '
        f'{setting} {root!r} {there} (the working directory is '
        f'{os.getcwd()}). '
        f'{HOW_TO_SET[setting]}'
    )
