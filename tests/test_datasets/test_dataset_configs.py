import pytest
from mmengine.config import Config
from mmpretrain.registry import DATASETS

pytestmark = pytest.mark.quick  # on both stacks


def load(root, name):
    return Config.fromfile(root / f'configs/_base_/datasets/{name}.py')


def test_data_root_from_the_environment(root, monkeypatch):
    monkeypatch.delenv('MMSPG_DATA_ROOT', raising=False)
    cfg = load(root, 'cub_loc_224')
    assert cfg.train_dataloader.dataset.data_root == 'data/CUB_200_2011'
    cfg = load(root, 'imagenet_loc_224')
    assert cfg.val_dataloader.dataset.data_root == 'data/ILSVRC'
    monkeypatch.setenv('MMSPG_DATA_ROOT', '/somewhere/else')
    for name in ('cub_loc_224', 'imagenet_loc_224'):
        cfg = load(root, name)
        for loader in ('train', 'val', 'test'):
            dataset = cfg[f'{loader}_dataloader'].dataset
            assert dataset.data_root == '/somewhere/else'


def test_the_paper_s_setting(root):
    for name in ('cub_loc_224', 'imagenet_loc_224'):
        cfg = load(root, name)
        train = cfg.train_dataloader.dataset.pipeline
        assert [t.type.removeprefix('mmspg.') for t in train] == [
            'LoadLocImage',
            'LocResize',
            'LocRandomCrop',
            'LocRandomFlip',
            'PackLocInputs',
        ]
        assert tuple(train[1].scale) == (256, 256)
        assert train[2].crop_size == 224
        test = cfg.test_dataloader.dataset.pipeline
        assert tuple(test[1].scale) == (224, 224)
        assert cfg.train_dataloader.batch_size == 30
        assert 'num_classes' not in cfg.data_preprocessor


def test_synthetic_trains_and_tests_at_one_size(root):
    cfg = load(root, 'synthetic_loc')
    few = dict(num_images=4)
    train = DATASETS.build({**cfg.train_dataloader.dataset, **few})
    test = DATASETS.build({**cfg.test_dataloader.dataset, **few})
    assert train[0]['inputs'].shape == test[0]['inputs'].shape
    assert train.metainfo['classes'] == test.metainfo['classes']
