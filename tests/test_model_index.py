"""The model index lists every recipe, and only what exists."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmspg.registry import MODELS

pytestmark = pytest.mark.quick


@pytest.fixture(autouse=True)
def default_scope():
    """As in a run of a config, whatever another test has left behind."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


@pytest.fixture(scope='module')
def models(root):
    load = pytest.importorskip('modelindex.load_model_index').load
    index = load(str(root / 'model-index.yml'))
    index.build_models_with_collections()
    return {model.name: model for model in index.models}


def test_every_recipe_is_listed_under_its_own_name(root, models):
    configs = root / 'configs'
    recipes = {
        path.relative_to(root).as_posix()
        for path in configs.rglob('*.py')
        if '_base_' not in path.parts
    }
    assert {model.config for model in models.values()} == recipes
    for name, model in models.items():
        assert model.config.endswith(f'/{name}.py')


def test_index_is_valid(root, models, capsys):
    load = pytest.importorskip('modelindex.load_model_index').load
    load(str(root / 'model-index.yml')).check()
    assert capsys.readouterr().out.strip() == 'All good!'


def test_figures_of_the_paper_say_so(models):
    for model in models.values():
        for result in model.results or []:
            for name, value in result.metrics.items():
                assert name.endswith('(paper)') or 'measured' in name
                assert 0 < value < 100


def test_parameters_are_counted(root, models):
    for model in models.values():
        cfg = Config.fromfile(root / model.config)
        with torch.device('meta'):
            built = MODELS.build(cfg.model)
        count = sum(weight.numel() for weight in built.parameters())
        assert count == model.metadata.parameters, model.name


def test_multiply_adds_are_counted(root, models):
    """Those of a prediction at the size of the test input."""
    from torch.utils.flop_counter import FlopCounterMode

    counted = 0
    for model in models.values():
        stated = model.metadata.flops
        if stated is None:
            continue
        cfg = Config.fromfile(root / model.config)
        side = cfg.input_size
        with torch.device('meta'), torch.no_grad():
            built = MODELS.build(cfg.model).eval()
            with FlopCounterMode(display=False) as flops:
                built(torch.zeros(1, 3, side, side), mode='tensor')
        assert flops.get_total_flops() // 2 == stated, model.name
        counted += 1
    assert counted > 20
