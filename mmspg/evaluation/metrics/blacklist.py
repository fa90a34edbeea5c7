"""Images that do not count, as in the ILSVRC devkit."""

from pathlib import Path


class Blacklist:
    """Images by name, or by their number in ILSVRC's validation set.

    The devkit's file has a number a line: 36 is
    ``ILSVRC2012_val_00000036.JPEG``.

    Args:
        images (str | Sequence, optional): A file, an entry a line, or the
            entries. None: no image.

    Raises:
        ValueError: There is no such file.

    Examples:
        >>> 'val/ILSVRC2012_val_00000036.JPEG' in Blacklist([36])
        True
    """

    def __init__(self, images=None):
        if isinstance(images, (str, Path)):
            path = Path(images)
            if not path.is_file():
                raise ValueError(f'blacklist: no such file {path}')
            images = path.read_text(encoding='utf-8').split('\n')
        entries = [str(image).strip() for image in images or ()]
        self.numbers = {int(e) for e in entries if e.isdigit()}
        self.names = {e for e in entries if e and not e.isdigit()}

    def __contains__(self, image):
        if image in self.names:
            return True
        number = Path(image).stem.rpartition('ILSVRC2012_val_')[2]
        return number.isdigit() and int(number) in self.numbers

    def __len__(self):
        return len(self.names) + len(self.numbers)
