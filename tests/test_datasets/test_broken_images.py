import pytest

from mmspg.datasets import CUBLoc, UnreadableImageError, base

LOAD = [dict(type='mmspg.LoadLocImage'), dict(type='mmspg.PackLocInputs')]


@pytest.fixture
def broken(cub):
    """CUB whose first training image is cut short."""
    path = cub / 'images/001.Albatross/a.jpg'
    path.write_bytes(path.read_bytes()[:300])
    return cub


def test_error_by_default_in_training_too(broken):
    data = CUBLoc(str(broken), 'train', pipeline=LOAD)
    with pytest.raises(UnreadableImageError, match='001.Albatross/a.jpg'):
        data[0]


def test_replaced_counted_and_told_once(broken, monkeypatch):
    told = []
    monkeypatch.setattr(base, 'print_log', lambda text, *_: told.append(text))
    data = CUBLoc(str(broken), 'train', broken_images='replace', pipeline=LOAD)
    for _ in range(3):
        assert data[0]['data_samples'].img_id == '002.Auk/c.jpg'
    assert [p.endswith('a.jpg') for p in data.broken] == [True]
    assert len(told) == 1
    assert told[0].startswith('Broken image 1 of this process is replaced')
    assert '001.Albatross/a.jpg' in told[0]


def test_nothing_left(broken):
    (broken / 'images/002.Auk/c.jpg').unlink()
    data = CUBLoc(str(broken), 'train', broken_images='replace', pipeline=LOAD)
    with pytest.raises(UnreadableImageError, match='none of the 2 images'):
        data[0]


def test_not_in_a_test(cub):
    with pytest.raises(ValueError, match="'replace' is for training only"):
        CUBLoc(str(cub), 'test', test_mode=True, broken_images='replace')
    with pytest.raises(ValueError, match="one of .'error', 'replace'"):
        CUBLoc(str(cub), 'train', broken_images='skip')


def test_pipeline_that_returns_none(cub):
    data = CUBLoc(str(cub), 'train', pipeline=[lambda results: None])
    with pytest.raises(ValueError, match='returned None for .*a.jpg'):
        data[0]


def test_a_loop_over_a_data_set_ends(cub):
    dataset = CUBLoc(str(cub), 'train')
    assert len(list(zip(range(9), dataset, strict=False))) == len(dataset)
    with pytest.raises(IndexError, match='2 is not one of the 2 images'):
        dataset[2]
