"""Whatever kind of training is killed, it goes on as if it were not.

``tests/fuzz/kills.py`` kills the same kinds at random moments.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from forked_runs import evaluate, needs_fork

sys.path.append(str(Path(__file__).parents[1] / 'test_distributed'))
from kinds import KINDS, best_of, run, same

pytestmark = needs_fork
SLOW = ('workers', 'SIGTERM', 'epochs', 'bfloat16', 'two processes')


def end_in(kind, iteration):
    """Send the kind's signal to oneself after an iteration."""

    def prepare():
        from mmspg.engine.hooks import LossCheckHook

        check = LossCheckHook.after_train_iter

        def after_train_iter(self, runner, *args, **kwargs):
            check(self, runner, *args, **kwargs)
            if runner.iter == iteration and os.environ.get('RANK') in (
                None,
                '1',
            ):
                os.kill(os.getpid(), kind.signal)

        LossCheckHook.after_train_iter = after_train_iter

    return prepare


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in KINDS
    ],
)
def test_killed_inside_the_second_piece(tmp_path, name):
    kind = KINDS[name]
    for folder, kill in (('straight', None), ('killed', end_in(kind, 4))):
        outcomes, _ = run(kind, tmp_path / folder, prepare=kill)
        assert any(o.code for o in outcomes) == bool(kill), outcomes[0].output
    assert not (tmp_path / 'killed' / kind.last).exists()
    outcomes, _ = run(kind, tmp_path / 'killed', '--resume')
    assert not any(o.code for o in outcomes), outcomes[0].output
    assert same(
        tmp_path / 'killed' / kind.last, tmp_path / 'straight' / kind.last
    )
    assert (
        best_of(tmp_path / 'killed').keys()
        == best_of(tmp_path / 'straight').keys()
    )


def test_killed_during_the_validation_which_is_then_repeated(tmp_path):
    """So `save_best` and the threshold are those of a run without a stop."""
    kind = KINDS['validation and save_best']

    def prepare():
        from mmspg.evaluation.metrics import LocalizationMetric

        process, calls = LocalizationMetric.process, []

        def die(self, *args, **kwargs):
            calls.append(0)
            if len(calls) == 2:
                os.kill(os.getpid(), kind.signal)
            return process(self, *args, **kwargs)

        LocalizationMetric.process = die

    straight, killed = tmp_path / 'straight', tmp_path / 'killed'
    assert run(kind, straight)[0][0].code == 0
    assert run(kind, killed, prepare=prepare)[0][0].code < 0
    ((outcome,), _) = run(kind, killed, '--resume')
    assert outcome.code == 0, outcome.output
    assert same(killed / kind.last, straight / kind.last)
    assert best_of(killed).keys() == best_of(straight).keys()
    assert best_of(straight)


def test_killed_while_testing_and_dumping_maps(tmp_path, unbroken):
    """The same command gives the figures and maps of a test without a stop."""

    def prepare():
        from mmspg.evaluation.metrics import LocalizationMetric

        process, calls = LocalizationMetric.process, []

        def die(self, *args, **kwargs):
            calls.append(0)
            if len(calls) == 3:
                os.kill(os.getpid(), 9)
            return process(self, *args, **kwargs)

        LocalizationMetric.process = die

    options = {'test_dataloader.batch_size': 1}
    found = {}
    for name, deaths in (('straight', []), ('killed', [prepare])):
        for last in (*deaths, None):
            out, maps = tmp_path / f'{name}.json', tmp_path / f'{name} maps'
            outcome = evaluate(
                tmp_path / name,
                unbroken / 'epoch_3.pth',
                *('--out', out, '--out-item', 'metrics'),
                *('--dump-score-maps', maps),
                options=options,
                prepare=last,
            )
            assert (outcome.code == 0) == (last is None), outcome.output
            assert out.exists() == (last is None)
        dumped = sorted(maps.rglob('*.npz'))
        found[name] = [
            json.loads(out.read_text()),
            [path.relative_to(maps) for path in dumped],
            [
                {key: array.tolist() for key, array in np.load(path).items()}
                for path in dumped
            ],
        ]
    assert found['killed'] == found['straight']
    assert len(found['straight'][1]) == 4
