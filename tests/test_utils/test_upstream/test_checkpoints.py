"""Runs resume on either stack, without trusting what is in a file."""

import io
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner

import mmspg.registry  # noqa: F401
from mmspg.utils.upstream.checkpoints import _history_method

pytestmark = pytest.mark.quick


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return {'loss': self.linear(torch.stack(inputs)).square().mean()}


def train(work_dir, epochs, resume=False):
    torch.manual_seed(0)
    runner = Runner(
        Line(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=[dict(inputs=torch.ones(2) * i) for i in range(4)],
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        param_scheduler=dict(type='MultiStepLR', milestones=[1], end=2),
        resume=resume,
        experiment_name=f'{work_dir.name}-{epochs}-{resume}',
        log_level='ERROR',
    )
    runner.train()
    return runner.model.state_dict()


def test_stop_and_resume_is_no_stop(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    train(tmp_path / 'stopped', 1)
    stopped = train(tmp_path / 'stopped', 2, resume=True)
    for name, value in train(tmp_path / 'whole', 2).items():
        assert torch.equal(stopped[name], value)


def rename_numpy_core(data: bytes, core: str) -> io.BytesIO:
    """Rewrite a saved file as the other generation of NumPy writes it."""
    other = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        with zipfile.ZipFile(other, 'w') as new:
            for name in old.namelist():
                content = old.read(name)
                for present in (b'numpy._core', b'numpy.core'):
                    content = content.replace(present, core.encode())
                new.writestr(name, content)
    other.seek(0)
    return other


@pytest.mark.parametrize('core', ['numpy.core', 'numpy._core'])
def test_histories_of_either_numpy_are_read(core):
    history = HistoryBuffer()
    history.update(3.0)
    history.update(5, 2)
    saved = io.BytesIO()
    torch.save(
        {'history': history, 'count': np.int64(7), 'flag': np.bool_(True)},
        saved,
    )
    loaded = torch.load(
        rename_numpy_core(saved.getvalue(), core), weights_only=True
    )
    assert loaded['count'] == 7
    assert loaded['flag']
    assert loaded['history'].current() == 5
    assert loaded['history'].mean() == history.mean()


class Malicious:
    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


class Unknown:
    pass


@pytest.mark.parametrize('content', [Malicious(), Unknown()])
def test_nothing_else_is_read(content):
    saved = io.BytesIO()
    torch.save(content, saved)
    saved.seek(0)
    with pytest.raises(Exception, match='(?i)unsupported|refused|weights'):
        torch.load(saved, weights_only=True)


def test_only_statistics_of_a_history_are_given():
    assert _history_method(HistoryBuffer, 'mean') is HistoryBuffer.mean
    for owner, name in ((HistoryBuffer, '__init__'), (np, 'save')):
        with pytest.raises(TypeError, match='is refused'):
            _history_method(owner, name)
