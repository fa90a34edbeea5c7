"""Errors of the surroundings end in a line that says what to type."""

import errno
from urllib.error import URLError

import pytest
from mmengine.runner import checkpoint as loading

from mmspg.datasets.annotations.faults import DataError
from mmspg.datasets.images.reading import UnreadableImageError
from mmspg.utils import checkpoint
from mmspg.utils.remedies import AGAIN, remedy_for


@pytest.mark.parametrize(
    ('error', 'to_type'),
    [
        (PermissionError(errno.EACCES, 'denied', 'work'), '--work-dir DIR'),
        (OSError(errno.EROFS, 'read-only file system'), '--work-dir DIR'),
        (OSError(errno.ENOSPC, 'no space left'), '--resume'),
        (URLError('no host of this name'), '--pretrained FILE'),
    ],
)
def test_what_to_type(error, to_type):
    assert to_type in remedy_for(error)


def test_a_broken_image_of_a_test_cannot_be_replaced():
    error = UnreadableImageError('a.jpg: not a whole image')
    assert 'broken_images=replace' in remedy_for(error)
    said = remedy_for(error, AGAIN)
    assert 'broken_images' not in said
    assert 'remove the image' in said
    assert AGAIN in said


def test_other_errors_are_not_explained_away():
    assert remedy_for(FileNotFoundError(errno.ENOENT, 'no such file')) is None


def test_weights_without_a_network(monkeypatch):
    def fetch(*args, **kwargs):
        raise URLError('no host of this name')

    monkeypatch.setattr(loading, '_load_checkpoint', fetch)
    with pytest.raises(ValueError, match='--pretrained FILE') as error:
        checkpoint.read_checkpoint('torchvision://resnet50')
    assert 'no host of this name' in str(error.value)
    assert 'broken' not in str(error.value)


def test_faults_of_the_data_are_listed_by_a_command():
    assert 'check_dataset.py' in remedy_for(DataError('classes differ'))
