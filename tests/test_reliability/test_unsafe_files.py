"""Reading a file runs nothing that is in it, on either stack."""

import json
import os
import pickle

import pytest
import torch
from forked_runs import CONFIG, evaluate, needs_fork, start, tool, train, wait
from mmengine.config import Config

from mmspg.evaluation.metrics.class_predictions import ClassPredictions
from mmspg.utils.checkpoint import read_checkpoint
from mmspg.utils.start import check_start
from mmspg.utils.unpickling import (
    SAFE,
    UNSAFE,
    allow_pickle,
    only_weights,
    pickle_is_allowed,
)

pytestmark = [needs_fork, pytest.mark.quick]


class Mark:
    """Leaves a file behind where it is unpickled in full."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.makedirs, (self.path, 0o777, True)  # again, and again


@pytest.fixture
def mark(tmp_path):
    return tmp_path / 'the-code-was-run'


@pytest.fixture
def evil(tmp_path, mark):
    path = tmp_path / 'evil.pth'
    torch.save({'state_dict': {}, 'meta': {}, 'extra': Mark(mark)}, path)
    return path


def refused(outcome, path):
    assert outcome.code == 1, outcome.output
    last = outcome.output.strip().splitlines()[-1]
    for part in (str(path), 'is refused', 'any code', '--allow-pickle'):
        assert part in last, outcome.output
    return True


def test_the_mark_works(evil, mark, monkeypatch):
    """Or none of these tests could fail."""
    monkeypatch.delenv(SAFE, raising=False)
    torch.load(evil, weights_only=False)
    assert mark.exists()


def test_by_the_test_tool(tmp_path, evil, mark):
    assert refused(evaluate(tmp_path / 'run', evil), evil)
    assert not mark.exists()


@pytest.mark.parametrize(
    'how', ['--resume', '--pretrained', 'load_from', 'last_checkpoint']
)
def test_by_the_train_tool(tmp_path, evil, mark, how):
    work_dir = tmp_path / 'run'
    args, options = [how, evil], {}
    if how == 'load_from':
        args, options = [], {'load_from': evil}
    elif how == 'last_checkpoint':
        work_dir.mkdir()
        (work_dir / how).write_text(str(evil))
        args = ['--resume']
    outcome = train(work_dir, *args, options=options)
    assert refused(outcome, evil)
    assert not mark.exists()


def test_by_the_converter(tmp_path, evil, mark):
    log = tmp_path / 'out'
    args = [evil, tmp_path / 'new.pth', '--source', 'authors']
    name = 'tools/model_converters/convert_checkpoint.py'
    outcome = wait(start(log, tool, name, args), log)
    assert outcome.code == 1
    assert '--allow-pickle' in outcome.output
    assert not mark.exists()


def test_whoever_asks_for_it_gets_it(tmp_path, evil, mark):
    """Then the file is read, and found to be no checkpoint of the model."""
    outcome = evaluate(tmp_path / 'run', evil, '--allow-pickle')
    assert mark.exists()
    assert outcome.code == 1
    assert 'is refused' not in outcome.output
    assert 'It lacks' in outcome.output


def test_in_a_program_of_ones_own(evil, mark, monkeypatch):
    """Without a tool that has set anything."""
    for name in (SAFE, UNSAFE):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match='is refused'):
        read_checkpoint(str(evil))
    assert not mark.exists()
    assert SAFE not in os.environ


def test_the_inferencer(evil, mark, monkeypatch):
    from mmspg.apis import LocalizationInferencer

    for name in (SAFE, UNSAFE):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Exception, match='refused|[Ww]eights.only'):
        LocalizationInferencer(str(CONFIG), str(evil))
    assert not mark.exists()


def test_either_wish_undoes_the_other(monkeypatch):
    monkeypatch.setenv(SAFE, '1')
    monkeypatch.delenv(UNSAFE, raising=False)
    assert not pickle_is_allowed()
    allow_pickle(True)
    assert pickle_is_allowed()
    assert SAFE not in os.environ
    with only_weights():  # what the user asked for stays
        assert SAFE not in os.environ
    allow_pickle(False)
    assert not pickle_is_allowed()
    assert os.environ[SAFE] == '1'


def test_what_a_training_will_read(tmp_path):
    first, second = tmp_path / 'a.pth', tmp_path / 'b.pth'
    pretrained = dict(type='Pretrained', checkpoint=str(first))
    cfg = Config(
        dict(
            model=dict(backbone=dict(init_cfg=[pretrained])),
            load_from=str(second),
            resume=False,
            work_dir='w',
        )
    )
    for path in (first, second):
        with pytest.raises(FileNotFoundError, match=path.name):
            check_start(cfg)
        torch.save({'state_dict': {}}, path)
    check_start(cfg)


@pytest.mark.parametrize(
    'content', [b'', b'PK\x03\x04', b'\x80\x02].', b'<html>', bytes(1000)]
)
def test_broken_files_are_named(tmp_path, content):
    path = tmp_path / 'broken.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'{path}.*broken|{path}.*a dict'):
        read_checkpoint(str(path))


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='there is no checkpoint'):
        read_checkpoint(str(tmp_path / 'none.pth'))


# -- predictions -------------------------------------------------------------


def test_predictions_from_a_pickle_only_on_request(tmp_path, mark):
    path = tmp_path / 'predictions.pkl'
    path.write_bytes(pickle.dumps([Mark(mark)]))
    with pytest.raises(ValueError, match='allow_pickle=True'):
        ClassPredictions(path)
    assert not mark.exists()


@pytest.mark.parametrize('suffix', ['.csv', '.json', '.txt', ''])
def test_a_pickle_under_another_name_is_none(tmp_path, mark, suffix):
    path = tmp_path / f'predictions{suffix}'
    path.write_bytes(pickle.dumps([Mark(mark)]))
    with pytest.raises(ValueError, match='predictions'):
        ClassPredictions(path, allow_pickle=True)
    assert not mark.exists()


def test_predictions_as_text_need_no_request(tmp_path):
    path = tmp_path / 'p.json'
    path.write_text(json.dumps({'a.jpg': {'labels': [1], 'scores': [1]}}))
    assert ClassPredictions(path).ranked('a.jpg') == ([1], [1.0])
