"""The converter as a command, on every form a checkpoint comes in."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torchvision
from mmengine.config import Config
from mmpretrain import get_model
from mmpretrain.registry import MODELS
from torch import nn

import mmspg  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'model_converters' / 'convert_checkpoint.py'


def run(*args):
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, args)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.fixture(scope='module')
def theirs(shared):
    path = shared / 'reference' / 'weights.py'
    spec = importlib.util.spec_from_file_location('weights', path)
    weights = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(weights)
    return {
        'authors': weights.load(path.with_name('authors_spg.json')),
        'benchmark': weights.load(path.with_name('wsolevaluation_spg.json')),
    }


@pytest.mark.parametrize('source', ['authors', 'benchmark'])
def test_converted_checkpoint_loads_by_get_model(source, theirs, tmp_path):
    """With the prefix of DataParallel and under `state_dict`, as released."""
    state = {f'module.{k}': v for k, v in theirs[source].items()}
    torch.save(dict(state_dict=state, epoch=3), tmp_path / 'src.pth.tar')
    dst = tmp_path / 'a' / 'dst.pth'
    done = run(tmp_path / 'src.pth.tar', dst, '--source', source)
    assert done.returncode == 0, done.stderr
    assert 'mapped: 438\n' in done.stdout
    assert 'dropped: 0\n' in done.stdout
    cfg = Config.fromfile(
        str(ROOT / f'configs/presets/spg_inceptionv3_cub_{source}.py')
    )
    cfg.model.head.num_classes = 20
    model = get_model(cfg, pretrained=str(dst))
    first = theirs[source]['Conv2d_1a_3x3.conv.weight']
    assert torch.equal(model.backbone.Conv2d_1a_3x3.conv.weight, first)


def test_torchvision_trunk_in_half_precision_with_overlay(theirs, tmp_path):
    trunk = {
        k: v.half() if v.is_floating_point() else v
        for k, v in theirs['authors'].items()
        if k.startswith(('Conv2d', 'Mixed'))
    }
    beyond = {'fc.weight': torch.zeros(3, 4), 'AuxLogits.x': torch.zeros(1)}
    torch.save({**trunk, **beyond}, tmp_path / 'src.pth')
    name = 'Conv2d_1a_3x3.conv.weight'
    torch.save({name: torch.ones(32, 3, 3, 3)}, tmp_path / 'over.pth')
    dst = tmp_path / 'dst.safetensors'
    done = run(
        tmp_path / 'src.pth',
        dst,
        '--source',
        'torchvision',
        '--overlay',
        tmp_path / 'over.pth',
    )
    assert done.returncode == 0, done.stderr
    assert 'dropped: 2\n' in done.stdout
    load_file = pytest.importorskip('safetensors.torch').load_file
    state = load_file(dst)
    assert {v.dtype for v in state.values()} == {torch.float32, torch.int64}
    assert (state[f'backbone.{name}'] == 1).all()


@pytest.mark.parametrize(
    'change, flag, says',
    [
        (
            lambda s: s.pop('side3.0.bias'),
            '--keep-missing',
            'neck.spg_b1.0.bias',
        ),
        (
            lambda s: s.update({'new.weight': torch.zeros(1)}),
            '--drop-unknown',
            'new.weight',
        ),
    ],
)
def test_unmapped_tensors_are_an_error_unless_asked_for(
    change, flag, says, theirs, tmp_path
):
    state = dict(theirs['authors'])
    change(state)
    torch.save(state, tmp_path / 'src.pth')
    args = (tmp_path / 'src.pth', tmp_path / 'dst.pth', '--source', 'authors')
    refused = run(*args)
    assert refused.returncode == 1
    assert says in refused.stderr
    assert flag in refused.stderr
    assert not (tmp_path / 'dst.pth').exists()
    assert run(*args, flag).returncode == 0
    assert (tmp_path / 'dst.pth').exists()


def test_what_is_no_checkpoint(tmp_path):
    missing = run(tmp_path / 'no.pth', tmp_path / 'x', '--source', 'authors')
    assert 'no such file' in missing.stderr
    (tmp_path / 'bad.pth').write_bytes(b'not a checkpoint')
    bad = run(tmp_path / 'bad.pth', tmp_path / 'x', '--source', 'authors')
    assert 'bad.pth' in bad.stderr
    assert '--allow-pickle' in bad.stderr
    assert 'Traceback' not in bad.stderr


class Mark:
    """Unpickling it would leave a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, 'w'))


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    mark = tmp_path / 'mark'
    torch.save(
        dict(state_dict={'a': torch.zeros(1)}, x=Mark(str(mark))),
        tmp_path / 'evil.pth',
    )
    done = run(tmp_path / 'evil.pth', tmp_path / 'x', '--source', 'authors')
    assert done.returncode == 1
    assert not mark.exists()


def conv_relu(*widths):
    """3 x 3 convolutions with ReLUs, as the benchmark lays them out."""
    layers = []
    for one, other in zip(widths, widths[1:], strict=False):
        layers += [nn.Conv2d(one, other, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


class BenchmarkSPG(nn.Module):
    """Branches of the benchmark's SPG by its names, for any trunk."""

    def __init__(self, middle, wide, narrow):
        super().__init__()
        self.SPG_B_1a = conv_relu(middle, middle)
        self.SPG_B_2a = conv_relu(middle, middle)
        self.SPG_B_shared = nn.Sequential(
            *conv_relu(middle, middle), nn.Conv2d(middle, 1, 1)
        )
        self.SPG_C = nn.Sequential(
            nn.Conv2d(wide, narrow, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, 1, 1),
        )

    def outputs(self, b1, b2, tail, classifier):
        b1 = self.SPG_B_shared(self.SPG_B_1a(b1))
        b2 = self.SPG_B_shared(self.SPG_B_2a(b2))
        scores = classifier(tail).mean((2, 3))
        return scores, b1, b2, self.SPG_C(tail)


class BenchmarkVGG(BenchmarkSPG):
    def __init__(self):
        super().__init__(512, 512, 512)
        layers = [*conv_relu(3, 64, 64), nn.MaxPool2d(2)]
        layers += [*conv_relu(64, 128, 128), nn.MaxPool2d(2)]
        layers += [*conv_relu(128, 256, 256, 256), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.SPG_A_1 = conv_relu(256, 512, 512, 512)
        self.SPG_A_2 = conv_relu(512, 512, 512, 512)
        self.SPG_A_3 = conv_relu(512, 512, 512)
        self.SPG_A_4 = nn.Conv2d(512, 7, 1)

    def forward(self, x):
        b1 = self.SPG_A_1(self.features(x))
        b2 = self.SPG_A_2(b1)
        return self.outputs(b1, b2, self.SPG_A_3(b2), self.SPG_A_4)


class BenchmarkResNet(BenchmarkSPG):
    def __init__(self):
        super().__init__(1024, 2048, 512)
        net = torchvision.models.resnet50()
        for block in (net.layer3[0], net.layer4[0]):
            block.conv2.stride = block.downsample[0].stride = (1, 1)
        for name in ('conv1', 'bn1', 'layer1', 'layer2', 'layer4'):
            setattr(self, name, getattr(net, name))
        self.SPG_A1, self.SPG_A2 = net.layer3[:1], net.layer3[1:]
        self.SPG_A2 = nn.Sequential(*self.SPG_A2)
        self.SPG_A4 = nn.Conv2d(2048, 7, 1)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        x = nn.functional.max_pool2d(x, 3, 2, 1)
        b1 = self.SPG_A1(self.layer2(self.layer1(x)))
        b2 = self.SPG_A2(b1)
        return self.outputs(b1, b2, self.layer4(b2), self.SPG_A4)


@pytest.mark.parametrize(
    'trunk, network', [('vgg16', BenchmarkVGG), ('resnet50', BenchmarkResNet)]
)
def test_the_benchmarks_other_trunks(tmp_path, trunk, network):
    """Scores and the maps of all branches are the same."""
    torch.manual_seed(0)
    theirs = network().eval()
    torch.save(theirs.state_dict(), tmp_path / 'theirs.pth')
    done = run(
        *(tmp_path / 'theirs.pth', tmp_path / 'ours.pth'),
        *('--source', f'benchmark-{trunk}'),
    )
    assert done.returncode == 0, done.stderr
    model = f'configs/_base_/models/spg_{trunk}.py'
    cfg = Config.fromfile(ROOT / model).model
    cfg.head.num_classes = 7
    cfg.backbone.init_cfg = None
    ours = MODELS.build(cfg).eval()
    found = torch.load(tmp_path / 'ours.pth', weights_only=True)
    ours.load_state_dict(found['state_dict'])
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        feats = ours.extract_feat(x)
        maps = ours.head(feats), feats.b1(), feats.b2(), feats.c()
        for one, other in zip(maps, theirs(x), strict=True):
            torch.testing.assert_close(one, other.reshape(one.shape))
