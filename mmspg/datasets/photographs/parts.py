"""Divide photographs into train, val and test by their names alone."""

import hashlib

SHARE = 0.15  # of val, and of test, where most photographs have boxes
FEW_BOXES_SHARE = 0.4  # of those with boxes, where few have


def position(name: str) -> float:
    """A number in [0, 1) that depends on a name, and on nothing else."""
    digest = hashlib.sha256(name.encode('utf-8', 'surrogateescape')).digest()
    return int.from_bytes(digest[:8], 'big') / 2**64


def divide(
    names: dict[str, list[str]], boxed: set[str] | None = None
) -> dict[str, dict[str, list[str]]]:
    """Divide the photographs of each class.

    The name of a photograph fixes its part, so that one that is added or
    taken away moves no other. Where only some have boxes, val and test are
    drawn from those, since localization is measured there.

    Args:
        names (dict[str, list[str]]): Photographs by class.
        boxed (set[str], optional): Those with boxes. None or empty: none
            has, and all are drawn from alike.

    Returns:
        dict: ``{'train' | 'val' | 'test': {class: names}}``.

    Example:
        >>> divide({'cat': ['a', 'b', 'c']})['test']
        {'cat': []}
    """
    everyone = [name for some in names.values() for name in some]
    eligible = set(boxed or everyone)
    few = 2 * len(eligible) < len(everyone)
    share = FEW_BOXES_SHARE if few else SHARE
    parts = {part: {c: [] for c in names} for part in ('train', 'val', 'test')}
    for label, some in names.items():
        for name in some:
            place = position(name)
            part = 'train'
            if name in eligible and place < 2 * share:
                part = 'val' if place < share else 'test'
            parts[part][label].append(name)
    return parts
