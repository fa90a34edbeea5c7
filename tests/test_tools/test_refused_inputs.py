"""What some tools cannot do, they say in a sentence."""

import subprocess
import sys

import pytest
import torch

ENSEMBLE = """_base_ = ['{root}/configs/spg_tiny_synthetic.py']
model = dict(
    _delete_=True,
    type='mmspg.EnsembleClassifier',
    members=[{{}}],
    backbone={{{{_base_.model.backbone}}}},
    neck={{{{_base_.model.neck}}}},
    head={{{{_base_.model.head}}}},
)
"""
CONCAT = """_base_ = ['{root}/configs/spg_tiny_synthetic.py']
one = {{{{_base_.test_dataloader.dataset}}}}
test_dataloader = dict(
    dataset=dict(_delete_=True, type='ConcatDataset', datasets=[one, one])
)
"""


@pytest.mark.parametrize(
    'config, command, told',
    [
        (
            ENSEMBLE,
            'analysis_tools/get_flops.py c.py',
            'is an ensemble: count',
        ),
        (
            ENSEMBLE,
            'analysis_tools/choose_maps.py c.py members.pth --split val',
            'is an ensemble: choose the map of each member',
        ),
        (
            CONCAT,
            'visualization/report.py . --config c.py --checkpoint WEIGHTS',
            'is a ConcatDataset. Name a config',
        ),
    ],
)
def test_refused(root, files, tmp_path, config, command, told):
    weights = torch.load(files[1], weights_only=True)['state_dict']
    members = {f'members.0.{name}': value for name, value in weights.items()}
    torch.save(members, tmp_path / 'members.pth')
    (tmp_path / 'c.py').write_text(config.format(root=root))
    command = command.replace('WEIGHTS', files[1])
    done = subprocess.run(
        [sys.executable, *f'{root}/tools/{command}'.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode
    assert told in done.stderr.strip().splitlines()[-1]
