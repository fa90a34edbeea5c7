"""Check class names, and compare two lists of them."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

# The usual names of the folders of splits. If a class has such a name, the
# layout of the folders was misread.
SPLITS = {
    **dict.fromkeys(('train', 'training'), 'train'),
    **dict.fromkeys(('val', 'valid', 'validation', 'dev', 'eval'), 'val'),
    **dict.fromkeys(('test', 'testing'), 'test'),
}
# The name of the class, and folder, of images that show no object.
NOTHING = '_nothing'
SHOWN = 5


def compose(name: str) -> str:
    """Write accents in one way (NFC); macOS stores them apart."""
    return unicodedata.normalize('NFC', name)


def composed(names: Iterable[str]) -> list[str]:
    """Do this with each name; a number becomes its digits."""
    return [compose(str(name)) for name in names]


def check_name(name, where: str) -> str:
    """Refuse a class name that does not fit in a line of text.

    Args:
        name (str | int): The name; a number becomes its digits.
        where (str): The file and the line or id, for the message.

    Returns:
        str: The name without blanks at its ends, its accents composed
        (NFC), as macOS stores them apart in the names of folders.

    Raises:
        ValueError: The name is not a text, is empty, or contains a line
            break or a control character.
    """
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        raise ValueError(
            f'{where}: the name of a class must be a text that is not empty, '
            f'but it is {name!r}.'
        )
    name = compose(name.strip())
    if any(unicodedata.category(c) in ('Cc', 'Cs', 'Zl', 'Zp') for c in name):
        raise ValueError(
            f'{where}: the class name {name!r} contains a line break or a '
            'control character. Class lists have one name per line, so '
            'please rename the class.'
        )
    return name


def alike(names: Sequence[str]) -> list[str]:
    """Say which classes differ in capitals only: a sentence, or none."""
    capitals = Counter(name.lower() for name in names)
    twice = sorted(name for name in names if capitals[name.lower()] > 1)
    if not twice:
        return []
    return [
        f'The classes {twice} differ in capitals only. If they are one '
        'class, put their images into one folder.'
    ]


def faults_of_names(names: Sequence[str], repeat: bool = False) -> list[str]:
    """Describe what is wrong with a list of classes.

    Args:
        names (Sequence[str]): The names in the order of the labels.
        repeat (bool): Whether two classes may share a name. ImageNet has
            two classes called 'crane'.

    Returns:
        list[str]: One sentence for each fault.
    """
    twice = [name for name, times in Counter(names).items() if times > 1]
    faults = []
    if twice and not repeat:
        faults.append(
            f'{len(twice)} class names occur more than once, for example '
            f'{twice[:2]}. Give every class its own name.'
        )
    if names and all(name.lower() in SPLITS for name in names):
        faults.append(
            f'The classes are {list(names)}, which are names of splits: '
            'folders like train/cat and val/cat were taken for classes '
            'named train and val. Convert each split separately.'
        )
    return faults


def unique_names(classes: Sequence[str]) -> list[str]:
    """Add the label to names that several classes share.

    ImageNet has two classes called 'crane', and most formats identify a class
    by its name.

    Example:
        >>> unique_names(['crane', 'dog', 'crane'])
        ['crane (0)', 'dog', 'crane (2)']
    """
    count = Counter(classes)
    return [
        f'{name} ({label})' if count[name] > 1 else name
        for label, name in enumerate(classes)
    ]


def check_names(
    names: Sequence[str], where: str, repeat: bool = False
) -> None:
    """Raise a ValueError if :func:`faults_of_names` finds a fault."""
    faults = faults_of_names(names, repeat)
    if faults:
        raise ValueError(f'{where}: {" ".join(faults)}')


def difference(
    one: Sequence[str], two: Sequence[str], name_one: str, name_two: str
) -> str | None:
    """Describe how two lists of classes differ.

    A label is a position in such a list, so two lists with the same names
    in another order do not fit together.

    Args:
        one (Sequence[str]): The first list, in the order of the labels.
        two (Sequence[str]): The second list.
        name_one (str): What the first list belongs to, for example 'train'.
        name_two (str): What the second list belongs to.

    Returns:
        str | None: One sentence. None if the lists are equal, or if they are
        equally long and one of them has numbers instead of names.

    Example:
        >>> difference(['ant', 'bee'], ['bee', 'ant'], 'train', 'val')
        "the classes of train and val have the same names in another order: \
label 0 is 'ant' in train and 'bee' in val"
    """
    one, two = composed(one), composed(two)
    numbers = [str(i) for i in range(len(one))]
    if one == two or (len(one) == len(two) and numbers in (one, two)):
        return None
    head = f'the classes of {name_one} and {name_two}'
    if Counter(one) == Counter(two):
        i = next(i for i, name in enumerate(one) if name != two[i])
        return (
            f'{head} have the same names in another order: label {i} is '
            f'{one[i]!r} in {name_one} and {two[i]!r} in {name_two}'
        )
    parts = [
        f'{len(only)} names only in {where}, {only[:SHOWN]}'
        for where, only in (
            (name_one, [n for n in one if n not in set(two)]),
            (name_two, [n for n in two if n not in set(one)]),
        )
        if only
    ]
    counts = f'{len(one)} names in {name_one} and {len(two)} in {name_two}'
    return f'{head} have different names: {"; ".join([counts, *parts])}'
