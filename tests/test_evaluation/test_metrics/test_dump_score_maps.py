"""Score maps on disk and back."""

import numpy as np
import pytest
import torch
from samples import block, sample

from mmspg.evaluation import DumpScoreMaps
from mmspg.evaluation.functional import place_score_map
from mmspg.evaluation.wsol.grid import wsol_score_map
from mmspg.evaluation.wsol.score_map_files import (
    map_path,
    read_compact,
    read_on_grid,
)

pytestmark = pytest.mark.quick  # runs on the second stack, too


@pytest.fixture
def one():
    found = sample(0, [(1, 1, 2, 2)], {}, 3, [4, 3, 1, 2, 5])
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 30, (6, 28, 28)).astype(np.float32)
    maps[5] = maps[1]
    found.update(
        img_id='val/0.jpg',
        score_map=torch.from_numpy(maps),
        ori_shape=(300, 400),
        img_shape=(224, 224),
        homography=np.diag([224 / 400, 224 / 300, 1]),
    )
    return found


def dump(folder, samples, **options):
    metric = DumpScoreMaps(str(folder), **options)
    metric.process(None, samples)
    assert metric.evaluate(len(samples)) == {}


def test_compact_maps_come_back_to_sixteen_bits(one, tmp_path):
    dump(tmp_path, [one])
    path = tmp_path / 'val' / '0.jpg.npz'
    assert path.stat().st_size < 10240
    for at, label in enumerate([4, 3, 1, 2, 5]):
        truth = one['score_map'][at].numpy()
        found, _ = read_compact(path, label)
        step = np.ptp(truth) / 65535
        assert np.abs(found - truth).max() <= step * 0.51
    with pytest.raises(ValueError, match='no map of class 9'):
        read_compact(path, 9)


def test_maps_without_influence_on_the_box_are_refused(one, tmp_path):
    with pytest.raises(ValueError, match=r'val/0\.jpg: .*regresses its box'):
        dump(tmp_path, [dict(one, pred_box=torch.tensor([0, 0, 1, 1.0]))])


def test_both_forms_give_the_true_classs_map_on_the_grid(one, tmp_path):
    expected = wsol_score_map(one['score_map'][1].numpy())
    dump(tmp_path / 'full', [one], form='benchmark')
    dump(tmp_path / 'compact', [one])
    full = read_on_grid(tmp_path / 'full', 'val/0.jpg')
    assert full.dtype == np.float32
    np.testing.assert_array_equal(full, expected)
    compact = read_on_grid(tmp_path / 'compact', 'val/0.jpg')
    np.testing.assert_allclose(compact, expected, atol=1e-4)


def test_both_forms_take_the_same_steps(one, tmp_path):
    steps = ['max', 'percentile']
    raw = one['score_map'][1].numpy()
    expected = wsol_score_map(raw, steps=steps)
    assert np.abs(expected - wsol_score_map(raw)).max() > 0.1
    form = dict(form='benchmark', score_map_steps=steps)
    dump(tmp_path / 'full', [one], **form)
    dump(tmp_path / 'compact', [one])
    full = read_on_grid(tmp_path / 'full', 'val/0.jpg')
    np.testing.assert_array_equal(full, expected)
    compact = read_on_grid(tmp_path / 'compact', 'val/0.jpg', steps)
    np.testing.assert_allclose(compact, expected, atol=1e-3)


def test_a_crop_is_laid_back(one, tmp_path):
    one['homography'] = np.array([[1.0, 0, -50], [0, 1, -20], [0, 0, 1]])
    dump(tmp_path, [one])
    found = read_on_grid(tmp_path, 'val/0.jpg')
    placed = place_score_map(
        one['score_map'][1].numpy(),
        (400, 300),
        (224, 224),
        one['homography'],
    )
    inside = np.flatnonzero(found.any(axis=0))
    columns = np.flatnonzero(placed.any(axis=0)) * 224 / 400
    assert abs(inside[0] - columns[0]) < 1.5
    assert abs(inside[-1] - columns[-1]) < 1.5


@pytest.mark.parametrize('value', [0.3, np.nan, np.inf])
def test_flat_maps_come_back_flat(one, tmp_path, value):
    one['score_map'][:] = value
    dump(tmp_path, [one])
    assert not read_on_grid(tmp_path, 'val/0.jpg').any()


def test_the_benchmarks_other_file_name_is_read(tmp_path):
    np.save(tmp_path / 'a.npy', block((0, 0, 9, 9), (224, 224)))
    assert read_on_grid(tmp_path, 'a.jpg').sum() == 100


@pytest.mark.parametrize('name', ['../a.jpg', '/a.jpg', 'a/../../b', ''])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match='below the image root'):
        map_path(tmp_path, name, '.npy')


def test_bad_options_and_files(tmp_path):
    with pytest.raises(ValueError, match='compact'):
        DumpScoreMaps('x', form='npy')
    np.savez(tmp_path / 'a.jpg.npz', x=1)
    with pytest.raises(ValueError, match='--dump-score-maps'):
        read_on_grid(tmp_path, 'a.jpg')
