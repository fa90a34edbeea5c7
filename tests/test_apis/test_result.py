"""Results draw what the inferencer draws, from a file or from memory."""

import io
import json
import pickle

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmspg.apis import LocalizationInferencer
from mmspg.apis.results import save_results
from mmspg.datasets.images.reading import UnreadableImageError

pytestmark = pytest.mark.filterwarnings('ignore')


@pytest.fixture(scope='module')
def inferencer(files):
    return LocalizationInferencer(*files, threshold=0.6)


@pytest.fixture
def photo(tmp_path):
    """A file, and its pixels in R, G, B."""
    y, x = np.mgrid[:48, :72]
    rgb = np.stack([x + y, x * 3, y * 5], axis=-1).astype(np.uint8)
    path = tmp_path / 'photo.png'
    Image.fromarray(rgb).save(path)
    return path, rgb


def test_the_picture_is_the_one_of_show_dir(inferencer, photo, tmp_path):
    path, rgb = photo
    [result] = inferencer(path, topk=2, show_dir=str(tmp_path / 'shown'))
    shown = np.array(Image.open(tmp_path / 'shown' / 'photo.png'))
    assert np.array_equal(result.plot(), shown)
    result.save(tmp_path / 'new' / 'saved.png')
    assert np.array_equal(Image.open(tmp_path / 'new' / 'saved.png'), shown)
    png = Image.open(io.BytesIO(result._repr_png_()))
    assert png.format == 'PNG'
    assert np.array_equal(png, shown)
    for in_memory in (
        inferencer(Image.fromarray(rgb), topk=2),
        inferencer(rgb, topk=2, channel_order='rgb'),
        inferencer(rgb[..., ::-1], topk=2),
    ):
        assert np.array_equal(in_memory[0].plot(), shown)
        assert in_memory[0]['box'] == result['box']


def test_a_result_is_a_dictionary(inferencer, photo):
    [result] = inferencer(photo[0])
    assert (
        pickle.loads(pickle.dumps(result['locations']))
        == (result['locations'])
    )
    again = pickle.loads(pickle.dumps(result))
    assert type(again) is dict
    assert again.keys() == result.keys()
    assert json.loads(json.dumps(result['box'])) == result['box']


def test_a_file_that_is_gone_is_named(inferencer, photo):
    path, _ = photo
    [result] = inferencer(path)
    path.unlink()
    with pytest.raises(UnreadableImageError, match='photo.png'):
        result.plot()


def test_boxes_for_others(inferencer, photo):
    """COCO, YOLO and supervision get the same boxes, in their own units."""
    sv = pytest.importorskip('supervision')
    [result] = inferencer(photo[0], topk=3)
    rows = result.to_coco(image_id=7, first_id=5)
    lines = result.to_yolo()
    found = result.to_supervision()
    assert isinstance(found, sv.Detections)
    assert len(rows) == len(lines) == len(found) == 3
    w, h = result['size']
    for i, place in enumerate(result['locations']):
        x0, y0, x1, y1 = place['box']
        assert rows[i] == dict(
            id=5 + i,
            image_id=7,
            category_id=place['label'] + 1,
            bbox=[x0, y0, x1 - x0 + 1, y1 - y0 + 1],
            area=(x1 - x0 + 1) * (y1 - y0 + 1),
            iscrowd=0,
            score=place['score'],
        )
        label, x, y, width, height = map(float, lines[i].split())
        assert label == found.class_id[i] == place['label']
        assert found.data['class_name'][i] == place['class']
        assert found.confidence[i] == pytest.approx(place['score'])
        edges = np.array([x0, y0, x1 + 1, y1 + 1])
        np.testing.assert_array_equal(found.xyxy[i], edges)
        sides = np.array([width * w, height * h])
        centre = np.array([x * w, y * h])
        seen = np.concatenate([centre - sides / 2, centre + sides / 2])
        np.testing.assert_allclose(seen, edges, atol=0.01)


def test_nothing_found_for_others(inferencer, photo):
    pytest.importorskip('supervision')
    [result] = inferencer(photo[0])
    result['locations'] = []
    assert result.to_coco() == result.to_yolo() == []
    assert len(result.to_supervision()) == 0


def test_steps_that_see_the_image(files, tmp_path):
    """From memory and from a file, and the picture agrees."""
    cfg = Config.fromfile(files[0])
    cfg.test_evaluator = dict(
        type='mmspg.LocalizationMetric', score_map_steps=['grabcut']
    )
    find = LocalizationInferencer(cfg, files[1], threshold=0.5)
    plain = LocalizationInferencer(*files, threshold=0.5)
    y, x = np.mgrid[:48, :72]
    array = np.stack([x * 3, y * 5, (x > 30) * 255], -1).astype(np.uint8)
    path = tmp_path / 'one.png'
    Image.fromarray(array[..., ::-1]).save(path)
    (one,) = find(array, progress=False, return_score_maps=True)
    (other,) = find(str(path), progress=False, return_score_maps=True)
    assert one['box'] == other['box']
    (without,) = plain(array, progress=False, return_score_maps=True)
    assert np.abs(one['score_map'] - without['score_map']).max() > 0.2
    assert one.plot().shape == other.plot().shape


@pytest.mark.parametrize('name', [b'k\xc3\xb6ter.jpg', b'\xff\xfe "\\.jpg'])
def test_results_name_any_file(tmp_path, name):
    name = name.decode('utf-8', 'surrogateescape')
    save_results([dict(img_id=name)], tmp_path / 'results.json')
    text = (tmp_path / 'results.json').read_text('utf-8')
    assert json.loads(text) == [dict(img_id=name)]
