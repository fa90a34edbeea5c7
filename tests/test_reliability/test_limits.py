"""Small files that stand for much are refused before they take memory."""

import resource
import zipfile

import numpy as np
import pytest
import torch

from mmspg.datasets.annotations.boxes import MAX_BOXES, fit_boxes
from mmspg.datasets.annotations.faults import Faults
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.evaluation.wsol.score_map_files import LARGEST, read_on_grid
from mmspg.utils.checkpoint import read_checkpoint


@pytest.fixture(autouse=True)
def little_memory():
    """Whatever takes 512 MiB more than now ends in an error."""
    with open('/proc/self/statm') as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + 2**29, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_score_maps_that_are_packed(tmp_path):
    path = tmp_path / 'a.jpg.npz'
    header = np.lib.format.header_data_from_array_1_0(
        np.zeros((1, 1, 1), np.uint16)
    )
    header['shape'] = (1, 2**14, 2**14)
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        with archive.open('levels.npy', 'w') as file:
            np.lib.format.write_array_header_1_0(file, header)
            for _ in range(LARGEST // 2**20 + 1):
                file.write(bytes(2**20))
    assert path.stat().st_size < 2**19
    with pytest.raises(ValueError, match=rf'a\.jpg\.npz.*over {LARGEST}'):
        read_on_grid(tmp_path, 'a.jpg')


def test_an_array_that_claims_more_than_there_is(tmp_path):
    path = tmp_path / 'a.jpg.npy'
    np.save(path, np.zeros((224, 224), np.float32))
    content = path.read_bytes().replace(b'(224, 224)', b'(2240,22400)', 1)
    path.write_bytes(content.replace(b'  \n', b'\n', 1))
    with pytest.raises(ValueError, match=r'a\.jpg\.npy: not an array'):
        read_on_grid(tmp_path, 'a.jpg')


@pytest.mark.parametrize(
    'tensor',
    [
        torch.zeros(1).expand(10**5, 10**5),
        torch.zeros(4, 1).expand(4, 9),
        torch.eye(3).to_sparse(),
    ],
)
def test_a_tensor_of_more_numbers_than_are_stored(tmp_path, tensor):
    path = tmp_path / 'c.pth'
    torch.save(dict(state_dict={'fc.weight': tensor}), path)
    assert path.stat().st_size < 4096
    with pytest.raises(ValueError, match=r"c\.pth'.*state_dict\.fc\.weight"):
        read_checkpoint(str(path))


def test_a_part_of_a_larger_tensor_is_taken(tmp_path):
    path = tmp_path / 'c.pth'
    torch.save(dict(state_dict={'a': torch.rand(9, 9)[2:5].T}), path)
    assert read_checkpoint(str(path))['state_dict']['a'].shape == (9, 3)


def test_a_checkpoint_that_is_packed(tmp_path):
    plain, packed = tmp_path / 'plain.pth', tmp_path / 'packed.pth'
    torch.save({'a': torch.zeros(2**20)}, plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    read_checkpoint(str(plain))
    with pytest.raises(ValueError, match=r"packed\.pth'.*compressed"):
        read_checkpoint(str(packed))


def test_more_boxes_than_an_image_can_have():
    def fit(number):
        boxes = np.tile(np.array([[1, 2, 9, 8]], np.float32), (number, 1))
        places = ['boxes.txt:7'] * number
        return fit_boxes(boxes, (20, 10), places, 'a.jpg', Faults())

    assert len(fit(MAX_BOXES)) == MAX_BOXES
    with pytest.raises(ValueError, match=r'boxes\.txt:7: image a\.jpg has'):
        fit(MAX_BOXES + 1)


@pytest.mark.parametrize('threshold', [float('nan'), -5, float('inf'), True])
def test_a_threshold_that_cuts_nothing(threshold):
    for value in (threshold, dict(threshold=threshold)):
        with pytest.raises(ValueError, match='threshold is'):
            LocalizationMetric(threshold=value)
