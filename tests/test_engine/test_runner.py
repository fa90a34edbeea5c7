"""Settings of parameters that do not exist."""

import pytest
from torch import nn

from mmspg.engine import runner


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.ModuleDict(dict(classifier=nn.Linear(2, 2)))
        self.neck = nn.ModuleDict(dict(spg_c=nn.Linear(2, 2)))


@pytest.mark.parametrize(
    'key, meant',
    [
        ('clasifier', 'classifier'),
        ('head.clasifier', 'classifier'),
        ('spgc', 'spg_c'),
        ('head', None),
        ('spg_', None),
        ('.bias', None),
        ('layer4', None),  # a schedule of several networks
    ],
)
def test_a_key_with_a_slip_is_told(key, meant, monkeypatch):
    told = []
    monkeypatch.setattr(runner, 'warn', told.append)
    stub = runner.QuietRunner.__new__(runner.QuietRunner)
    stub.model = Net()
    stub.build_optim_wrapper(
        dict(
            optimizer=dict(type='SGD', lr=0.1),
            paramwise_cfg=dict(custom_keys={key: dict(lr_mult=2)}),
        )
    )
    assert len(told) == bool(meant)
    if meant:
        assert repr(key) in told[0]
        assert meant in told[0]
