"""Every config builds, and does one step of training and prediction."""

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.runner import Runner
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch.optim import SGD
from torch.utils.data import DataLoader

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    str(path.relative_to(ROOT / 'configs'))
    for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)
SIDE, CLASSES = 64, 4


def read(name):
    return Config.fromfile(str(ROOT / 'configs' / name))


def without_weights(cfg):
    """Drop what would be downloaded."""
    if isinstance(cfg, dict):
        cfg.pop('pretrained', None)  # timm's download
        if dict(cfg.get('init_cfg') or {}).get('type') == 'Pretrained':
            cfg['init_cfg'] = None
        for value in cfg.values():
            without_weights(value)
    elif isinstance(cfg, (list, tuple)):
        for value in cfg:
            without_weights(value)
    return cfg


def test_there_are_all_that_the_paper_needs():
    names = {
        f'spg{plain}_inceptionv3_{data}.py'
        for plain in ('', '-plain')
        for data in ('imagenet', 'cub')
    }
    names |= {
        f'presets/spg_inceptionv3_{data}_{whose}.py'
        for data in ('imagenet', 'cub')
        for whose in ('paper', 'authors', 'benchmark')
    }
    names |= {
        f'ablations/spg_inceptionv3_{data}_{without}.py'
        for data in ('imagenet', 'cub')
        for without in ('no-cascade', 'unshared', 'no-spg-c')
    }
    assert names | {'spg_tiny_synthetic.py'} <= set(CONFIGS)


def test_names_are_unique():
    """mim looks a config up by its file name."""
    names = [name.rsplit('/')[-1] for name in CONFIGS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize('name', CONFIGS)
def test_builds(name):
    """On the meta device: no memory, no weights."""
    cfg = read(name)
    assert cfg.default_scope == 'mmpretrain'
    with torch.device('meta'):
        model = MODELS.build(without_weights(cfg.model))
    assert cfg.model.head.num_classes == model.head.num_classes
    assert build_optim_wrapper(model, copy.deepcopy(cfg.optim_wrapper))


def step(name):
    """One training step and one prediction with few classes, small."""
    cfg = read(name)
    without_weights(cfg.model)
    cfg.model.head.num_classes = CLASSES
    torch.manual_seed(0)
    cfg.model.data_preprocessor = cfg.get('data_preprocessor', {})
    model = MODELS.build(cfg.model)
    model.init_weights()
    optim = build_optim_wrapper(model, cfg.optim_wrapper)
    samples = [DataSample().set_gt_label(i) for i in range(2)]
    for sample in samples:
        sample.set_metainfo(dict(img_shape=(SIDE, SIDE)))
    inputs = torch.randint(0, 256, (2, 3, SIDE, SIDE), dtype=torch.uint8)
    batch = dict(inputs=list(inputs), data_samples=samples)
    before = {k: v.clone() for k, v in model.named_parameters()}
    # The runner's counters, which a ramp of the guidance asks for.
    MessageHub.get_current_instance().update_info('iter', 1)
    MessageHub.get_current_instance().update_info('max_iters', 2)
    logged = model.train_step(copy.deepcopy(batch), optim)
    assert torch.isfinite(logged['loss'])
    moved = {
        k for k, v in model.named_parameters() if not torch.equal(v, before[k])
    }
    assert any('backbone.' in k for k in moved)
    assert any('head.' in k for k in moved)
    model.eval()
    out = model.test_step(batch)[0]
    assert out.pred_score.shape == (CLASSES,)
    assert out.score_map.shape[0] == len(out.score_map_labels)
    assert out.score_map.isfinite().all()


@pytest.mark.parametrize(
    'name',
    ['spg_inceptionv3_imagenet.py', 'spg_tiny_synthetic.py'],
)
def test_steps(name):
    step(name)


@pytest.mark.slow
@pytest.mark.parametrize('name', CONFIGS)
def test_every_one_steps(name):
    step(name)


def lr_of(name):
    """lr multiple of every parameter, as the optimiser has it."""
    cfg = read(name)
    with torch.device('meta'):
        model = MODELS.build(without_weights(cfg.model))
    optim = build_optim_wrapper(model, cfg.optim_wrapper)
    base = cfg.optim_wrapper.optimizer.lr
    names = {id(p): n for n, p in model.named_parameters()}
    rates = {
        names[id(p)]: round(group['lr'] / base, 6)
        for group in optim.optimizer.param_groups
        for p in group['params']
    }
    assert len(rates) == len(names)
    return rates, optim.optimizer.param_groups


ADDED = (
    'neck.a3',
    'neck.spg_b1',
    'neck.spg_b2',
    'neck.spg_b_shared',
    'neck.spg_c',
    'head.classifier',
)


def test_paper_trains_added_layers_at_ten_times_the_lr():
    rates, groups = lr_of('spg_inceptionv3_imagenet.py')
    assert {n: r for n, r in rates.items() if n.startswith(ADDED)} == {
        n: 10 for n in rates if not n.startswith('backbone.')
    }
    assert {r for n, r in rates.items() if n.startswith('backbone.')} == {1}
    assert {g['lr'] for g in groups} == {0.001, 0.01}
    assert {
        (g['momentum'], g['weight_decay'], g['nesterov']) for g in groups
    } == {(0.9, 5e-4, False)}


@pytest.mark.parametrize(
    'name',
    [n for n in CONFIGS if 'Cosine' in str(read(n).param_scheduler)],
)
def test_a_cosine_ends_with_the_training(name, tmp_path):
    """Whatever ``train_cfg.max_epochs`` is."""
    cfg, epochs = read(name), 7
    cfg.train_cfg.max_epochs = epochs
    runner = Runner(
        torch.nn.Identity(),
        work_dir=str(tmp_path),
        experiment_name=name,
        train_dataloader=DataLoader(range(40)),
        train_cfg=cfg.train_cfg,
        optim_wrapper=OptimWrapper(SGD([torch.ones(1)], lr=1.0)),
    )
    assert runner.train_loop  # is built first, as ``train`` does
    schedulers = runner.build_param_scheduler(cfg.param_scheduler)
    rates = []
    for _ in range(epochs * 40):
        rates += runner.optim_wrapper.get_lr()['lr']
        for scheduler in schedulers:
            scheduler.step()
    assert rates[len(rates) // 2] == pytest.approx(0.5)
    assert rates[-1] < 0.01


def test_authors_train_biases_at_twice_the_lr():
    rates, groups = lr_of('presets/spg_inceptionv3_imagenet_authors.py')
    for name, rate in rates.items():
        added = 1 if name.startswith('backbone.') else 10
        assert rate == added * (2 if name.endswith('.bias') else 1), name
    assert all(g['nesterov'] for g in groups)


def test_parameters_are_counted_as_in_the_authors_network():
    """38,454,986 at 1000 classes, with C of one 3x3 (spec, section 2)."""
    cfg = read('presets/spg_inceptionv3_imagenet_authors.py')
    with torch.device('meta'):
        model = MODELS.build(without_weights(cfg.model))
    assert sum(p.numel() for p in model.parameters()) == 38_454_986
