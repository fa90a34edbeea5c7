"""The configs' data sets on real photographs, laid out as distributed."""

import subprocess
import sys

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from mmspg.datasets import WSOLMetadata


@pytest.fixture(scope='module')
def layouts(shared, tmp_path_factory):
    out = tmp_path_factory.mktemp('layouts')
    script = shared / 'data/make_layouts.py'
    if not script.is_file():
        pytest.skip(f'reference data: no {script}')
    subprocess.run([sys.executable, str(script), str(out)], check=True)
    return out


def dataset(root, config, loader, monkeypatch, data_root):
    monkeypatch.setenv('MMSPG_DATA_ROOT', str(data_root))
    cfg = Config.fromfile(root / f'configs/_base_/datasets/{config}.py')
    return DATASETS.build(cfg[loader].dataset)


CASES = [
    # name, folder, images and classes, as in MANIFEST.md
    ('imagenet_loc_224', 'ILSVRC', (6000, 250), 10),
    ('cub_loc_224', 'CUB_200_2011', (1200, 561), 40),
]


@pytest.mark.parametrize('config, folder, counts, classes', CASES)
def test_configs(root, layouts, monkeypatch, config, folder, counts, classes):
    for loader, count in zip(
        ('train_dataloader', 'val_dataloader'), counts, strict=True
    ):
        data = dataset(root, config, loader, monkeypatch, layouts / folder)
        assert len(data) == count
        assert len(data.metainfo['classes']) == classes
        for i in range(0, count, count // 12):
            item = data[i]
            assert item['inputs'].shape == (3, 224, 224)
            if loader == 'val_dataloader':
                boxes = item['data_samples'].gt_bboxes.numpy()
                assert len(boxes) >= 1
                assert boxes.min() >= 0
                assert boxes.max() <= 224
                assert (boxes[:, 2:] > boxes[:, :2]).all()


@pytest.mark.parametrize('name', ['cub40', 'ilsvrc10'])
def test_metadata_says_the_same(root, layouts, shared, monkeypatch, name):
    config, folder, _, _ = CASES[name == 'cub40']
    one = dataset(
        root, config, 'val_dataloader', monkeypatch, layouts / folder
    )
    two = WSOLMetadata(
        str(shared / 'data' / name),
        str(layouts / 'metadata' / name),
        'test',
        test_mode=True,
    )

    def boxes(data):
        infos = [data.get_data_info(i) for i in range(len(data))]
        return {
            i['img_id'].split('/')[-1]: (i['gt_label'], i['ori_gt_bboxes'])
            for i in infos
        }

    one, two = boxes(one), boxes(two)
    assert one.keys() == two.keys()
    for key, (label, corners) in one.items():
        assert label == two[key][0]
        # the metadata are truncated to whole, inclusive pixels
        np.testing.assert_allclose(corners, two[key][1], atol=1.1)
