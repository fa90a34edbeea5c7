"""The model index lists every recipe, and only what exists."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmspg.registry import MODELS

pytestmark = pytest.mark.quick


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


@pytest.fixture(scope='module')
def networks(root, models):
    """Build every network, without its memory; gives those by name."""
    built = {}
    scope = DefaultScope.overwrite_default_scope('mmpretrain')
    with scope, torch.device('meta'):
        for name, model in models.items():
            cfg = Config.fromfile(root / model.config)
            cfg.model.backbone.get('trunk', {}).pop('pretrained', None)
            built[name] = cfg.input_size, MODELS.build(cfg.model).eval()
    return built


def test_trunk_is_the_one_of_the_config(root, models):
    """The collection names the method, each model its trunk."""
    of = {}
    for name, model in models.items():
        *_, trunk = model.full_model.metadata.architecture
        cfg = Config.fromfile(root / model.config)
        found = cfg.model.backbone
        found = found.get('trunk', found).type  # of mmspg.AnyTrunk
        assert of.setdefault(found, trunk) == trunk, name
    assert len(set(of.values())) == len(of) == 10


def test_parameters_are_counted(models, networks):
    for name, (_, network) in networks.items():
        count = sum(weight.numel() for weight in network.parameters())
        assert count == models[name].metadata.parameters, name


def test_multiply_adds_are_counted(models, networks):
    """Those of the class scores, at the size of the test input."""
    from torch.utils.flop_counter import FlopCounterMode

    for name, (side, network) in networks.items():
        image = torch.zeros(1, 3, side, side, device='meta')
        with torch.no_grad(), FlopCounterMode(display=False) as flops:
            network(image, mode='tensor')
        count = flops.get_total_flops() // 2
        assert count == models[name].metadata.flops, name
