"""The study on real photographs: its parts, statistics and commands."""

import csv
import re
import runpy
import subprocess
import sys
from collections import Counter
from itertools import product

import cv2
import numpy as np
import pytest
import torch
import torchvision
from documented_stage import Drawings, lay_out_cub, lay_out_ilsvrc
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from mmspg.registry import DATASETS

NUMBERS = dict(train=14, test=12)  # images of each class


@pytest.fixture(scope='module')
def scripts(root):
    folder = root / 'projects/evidence'
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Drawn photographs of two classes, as the scripts want them."""
    folder = tmp_path_factory.mktemp('data')
    drawings, rows = Drawings(), []
    for split, number in NUMBERS.items():
        for i in range(2 * number):
            name = f'images/{split}/{i}.jpg'
            drawings.save(i, folder / 'cub40' / name)
            x0, y0, x1, y1 = drawings.box(i)
            box = x0, y0, x1 + 1, y1 + 1
            rows.append([name, i % 2, f'kind {i % 2}', split, *box])
    with (folder / 'cub40/split.csv').open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(
            'image class_index class_name split x0 y0 x1 y1'.split()
        )
        writer.writerows(rows)
    return folder


@pytest.fixture(scope='module')
def parts(scripts, data, tmp_path_factory):
    """The three lists of the drawn photographs."""
    from study.parts import write_parts

    folder = tmp_path_factory.mktemp('parts') / 'cub40'
    write_parts(data / 'cub40', folder, fit=8, val=5, test=10)
    return folder


def test_parts_are_disjoint_and_as_many_of_each_class(parts):
    images = []
    for part, number in dict(fit=8, val=5, test=10).items():
        lines = (parts / part / 'class_labels.txt').read_text().split()
        assert Counter(line.split(',')[1] for line in lines) == {
            '0': number,
            '1': number,
        }
        images += (parts / part / 'image_ids.txt').read_text().split()
    assert len(set(images)) == len(images)
    assert not (parts / 'fit/localization.txt').exists()


def test_boxes_of_the_parts_are_the_annotated_ones(parts, data):
    from mmspg.datasets import WSOLMetadata

    dataset = WSOLMetadata(
        data_root=str(data / 'cub40'),
        metadata_root=str(parts),
        split='test',
        test_mode=True,
    )
    with (data / 'cub40/split.csv').open(newline='') as file:
        annotated = {
            row['image']: [[float(row[k]) for k in ('x0', 'y0', 'x1', 'y1')]]
            for row in csv.DictReader(file)
        }
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        np.testing.assert_allclose(
            info['ori_gt_bboxes'], annotated[info['img_id']], atol=1e-4
        )


@pytest.mark.parametrize(
    ('name', 'lay_out', 'classes'),
    [
        ('cub40', lay_out_cub, ['003.', '001.']),
        ('ilsvrc10', lay_out_ilsvrc, ['n00000004', 'n00000002']),
    ],
)
def test_a_data_set_is_laid_out(scripts, tmp_path, name, lay_out, classes):
    """From the data set as it is distributed."""
    lay_out(tmp_path / 'source', Drawings())
    command = name, tmp_path / 'source', tmp_path / 'data'
    call(scripts / 'lay_out.py', *command, '--classes', *classes)
    with (tmp_path / 'data' / name / 'split.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert Counter((r['class_index'], r['split']) for r in rows) == {
        (index, split): 1 for index in '01' for split in NUMBERS
    }
    for row in rows:
        assert row['class_name'].startswith(
            sorted(classes)[int(row['class_index'])]
        )
        image = cv2.imread(str(tmp_path / 'data' / name / row['image']))
        assert image is not None
        assert row['x1'] or row['split'] == 'train' and name == 'ilsvrc10'
        if row['x1']:
            height, width = image.shape[:2]
            assert 0 <= float(row['x0']) < float(row['x1']) <= width
            assert 0 <= float(row['y0']) < float(row['y1']) <= height


@settings(deadline=None)  # the first call imports much
@given(
    st.integers(1, 30).flatmap(
        lambda n: st.lists(
            st.lists(st.booleans(), min_size=n, max_size=n),
            min_size=5,
            max_size=5,
        )
    )
)
def test_hits_come_back_from_the_table(scripts, rows):
    from study.measuring import pack, unpack

    rows = np.array(rows)
    assert (unpack(pack(rows), rows.shape[1]) == rows).all()


def test_interval_is_that_of_all_resamples(scripts):
    """Three images, two seeds: every resample can be listed."""
    from study.statistics import difference

    hits = np.array([[1, 1, 0], [1, 0, 0]], bool)
    base = np.array([[0, 1, 0], [0, 0, 1]], bool)
    gains = [
        100
        * (
            hits[np.ix_(seeds, images)].mean()
            - base[np.ix_(others, images)].mean()
        )
        for images in product(range(3), repeat=3)
        for seeds in product(range(2), repeat=2)
        for others in product(range(2), repeat=2)
    ]
    gain, low, high = difference(hits, base)
    assert gain == pytest.approx(100 / 6)
    # The gains are few and far apart, so the ends are compared by the share
    # of all resamples beyond them.
    gains = np.array(gains)
    assert (gains < low - 1e-6).mean() < 0.03 < (gains < low + 1e-6).mean()
    assert (gains > high + 1e-6).mean() < 0.03 < (gains > high - 1e-6).mean()


def test_width_of_many_seeds_is_that_of_resampled_images(scripts):
    from study.statistics import half_width

    hits = np.array([[1, 1, 0, 1], [1, 0, 0, 1]], bool)
    base = np.array([[0, 1, 0, 0], [0, 0, 1, 0]], bool)
    gains = hits.mean(axis=0) - base.mean(axis=0)
    resampled = [gains[list(i)].mean() for i in product(range(4), repeat=4)]
    # The deviation of a sample of four is too small by this factor.
    expected = 196 * np.std(resampled) * (4 / 3) ** 0.5
    assert half_width(hits, base) == pytest.approx(expected)


def test_thresholds_are_chosen_and_applied(scripts):
    from study.measuring import Hits

    gt_known = np.array([[0, 1, 0], [1, 1, 0]], bool)
    v2 = np.zeros((2, 3, 4), bool)
    v2[:, 0, 3] = v2[0, 1, 2] = v2[:, 2, 1] = True
    hits = Hits(gt_known, v2, np.array([True, False]))
    one, three = choice = hits.choose()
    assert (one, *three) == (1, 3, 2, 1)
    assert hits.at(choice).astype(int).tolist() == [
        [1, 1],
        [1, 0],
        [1, 1],
        [1, 0],
        [1, 1],
    ]


@pytest.mark.parametrize('name', ['cub40', 'ilsvrc10'])
def test_tuned_recipe_is_the_one_measured(root, scripts, parts, name):
    """But for the map that is read, which is chosen after the training."""
    from mmspg.utils.cfg import load_config, set_input_size

    study = runpy.run_path(str(scripts / 'studies/small.py'))
    runner = runpy.run_path(str(scripts / 'run.py'))
    config = study['DATA_SETS'][name]['config']
    path = f'configs/tuned/spg_inceptionv3_{config}_few-images.py'
    tuned = load_config(str(root / path))
    set_input_size(tuned, 96)
    job = dict(
        data_set=name, side=study['SIDE'], system='SPG', setting='base', seed=0
    )
    measured = runner['config_of'](study, job, (parts, parts))
    assert tuned.model.head.pop('score_map_source') != 'attention'
    for cfg in (tuned, measured):
        del cfg.model.head.num_classes, cfg.model.backbone.init_cfg
        cfg.train_cfg.pop('val_interval')
    for key in ('model', 'data_preprocessor', 'optim_wrapper', 'train_cfg'):
        assert tuned[key] == measured[key], key
    assert tuned.param_scheduler == measured.param_scheduler
    loaders = tuned.train_dataloader, measured.train_dataloader
    assert len({loader.batch_size for loader in loaders}) == 1
    assert loaders[0].dataset.pipeline == loaders[1].dataset.pipeline


def test_every_run_of_the_studies_has_a_config(scripts, parts):
    """Each system, data set and setting that a study names."""
    runner = runpy.run_path(str(scripts / 'run.py'))
    for path in (scripts / 'studies').glob('*.py'):
        study = runpy.run_path(str(path))
        if 'SYSTEMS' not in study:
            continue  # a config that a study names
        for name, system, setting in product(
            *(study[key] for key in ('DATA_SETS', 'SYSTEMS', 'SETTINGS'))
        ):
            if setting != 'base' and system not in ('SPG', 'SPG, cured'):
                continue  # the settings are SPG's
            data = (
                (parts, parts) if 'parts' in study['DATA_SETS'][name] else None
            )
            job = dict(
                data_set=name,
                side=study.get('SIDE'),
                system=system,
                setting=setting,
                seed=3,
            )
            cfg = runner['config_of'](study, job, data)
            assert cfg.randomness.seed == 3
            assert cfg.measured.val != cfg.measured.test


def test_kept_photographs_are_those_of_the_pipeline(
    scripts, data, parts, tmp_path
):
    from study.configs import run_config
    from study.kept import keep

    study = runpy.run_path(str(scripts / 'studies/light.py'))
    system = dict(study['SYSTEMS']['SPG'])
    config = system.pop('config')

    def val(kept):
        cfg = run_config(config, (system,), 64, data=(data / 'cub40', parts))
        if kept:
            keep(cfg, tmp_path)
        return DATASETS.build(cfg.measured.val)

    wanted, made, found = val(False), val(True), val(True)
    for i in range(len(wanted)):
        for item in made[i], found[i]:  # the second reads what the first wrote
            assert torch.equal(item['inputs'], wanted[i]['inputs'])
            ours, theirs = (x['data_samples'] for x in (item, wanted[i]))
            assert ours.to_dict().keys() == theirs.to_dict().keys()
            assert torch.equal(ours.gt_label, theirs.gt_label)


def test_report_of_a_run_that_did_not_end(scripts, tmp_path):
    from study.table import runs

    shared = dict(data_set='cub40', side=96, system='SPG', setting='base')
    end = dict(seed=1, source='attention', val_gt_known=50, val_v2=40)
    lost = dict(seed=0, source='attention', fate='loss not finite')
    out = tmp_path / 'evidence.csv'
    table, report = runs(out), scripts / 'report.py'
    table.append([shared | lost])
    text = call(report, out)
    assert '| base | SPG | 1 |  |  |  | loss not finite |' in text
    assert 'lost: cub40 96 SPG base 0' in text
    end |= dict(val_cls_top1=30, seconds=1800)
    table.append([shared | end, shared | end | dict(source='b1')])
    line = '| base | SPG | 2 | 50.0 | 40.0 | 30.0 | loss not finite |'
    text = call(report, out)
    assert line in text
    assert '1 trainings took 0.5 hours' in text  # a run, whatever its maps


@pytest.mark.slow
def test_printed_tables_are_those_of_the_rows(scripts):
    text = call(scripts / 'report.py', scripts / 'evidence.csv')
    printed = [line for line in text.splitlines() if line.startswith('|')]
    kept = (scripts / 'details.md').read_text().splitlines()
    assert len(printed) > 200
    assert set(printed) <= set(kept)


@pytest.mark.slow
def test_the_rules_of_a_training_are_compared_as_the_docs_say(scripts):
    names = ('light', 'inception', 'evidence')
    tables = [scripts / f'{name}.csv' for name in names]
    docs = (scripts.parents[1] / 'docs/better_boxes.md').read_text()
    row = re.compile(r'^\| (\w+ \| `\w+` \| \d+) \| ([\d. |]+) \|$', re.M)
    printed, written = (
        {key: [float(v) for v in values.split('|')] for key, values in found}
        for found in map(
            row.findall, (call(scripts / 'choice_rules.py', *tables), docs)
        )
    )
    assert len(written) > 15
    for key, values in written.items():  # runs may join the tables
        assert values == pytest.approx(printed[key], abs=1.5)


def test_rules_to_choose_a_map(scripts):
    """On ten images 'b' is better by luck; on all it is far better."""
    from choice_rules import Reading, best, losses, sure

    from mmspg.evaluation.paired_hits import PairedHits

    a, b = Reading('a'), Reading('b')

    def maps(right, images):
        hits = {a: np.arange(images) < 2, b: np.arange(images) < right}
        return PairedHits(
            {k: v[:, None] for k, v in hits.items()}, [0], images
        )

    for right, images, rules in ((3, 10, (b, a)), (9, 10, (b, b))):
        found = maps(right, images)
        assert (best(found, a), sure(found, a)) == rules
    assert best(maps(2, 10), b) == b
    hits = {a: np.zeros(200, bool), b: np.ones(200, bool)}
    assert losses(hits, a, 50, np.random.default_rng(0)) == [100, 0, 0]


def test_report_of_runs_without_branches(scripts):
    """A column that a run has not is left blank, and the others stay."""
    from report import LOSSES, MASKS, over_time

    (row,) = over_time([dict(step=10, loss_cls=1.5)])
    assert row == ['10', '1.50'] + [''] * (len(LOSSES) - 1 + len(MASKS))


def call(script, *args):
    done = subprocess.run(
        [sys.executable, script, *map(str, args)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


STUDY = """
EPOCH = {'train_cfg.max_epochs': 1}
from study.configs import ROOT
base = __import__('runpy').run_path(
    str(ROOT / 'projects/evidence/studies/small.py')
)
SYSTEMS = base['SYSTEMS'] | {
    'SPG, two maps': dict(
        base['SYSTEMS']['SPG'], **{'model.head.min_foreground': 3}
    )
}
SETTINGS, SIDE = base['SETTINGS'], 64
SHARED = base['SHARED'] | {'model.backbone.init_cfg': None}
DATA_SETS = {
    'cub40': dict(config='cub', parts=dict(fit=8, val=5), changes=EPOCH)
}
"""


@pytest.mark.slow
def test_commands(scripts, data, tmp_path):
    """Train two systems briefly, go on, and print the tables."""
    (tmp_path / 'study.py').write_text(STUDY)
    out = tmp_path / 'rows.csv'
    study = (
        *(scripts / 'run.py', tmp_path / 'study.py', '--data', data),
        *('--work-dir', tmp_path / 'work', '--out', out, '--seeds', 0),
    )
    call(*study, '--systems', 'centred box', 'SPG, two maps')
    first = out.read_text()
    call(*study, '--systems', 'SPG, two maps', 'SPG-plain')
    assert out.read_text().startswith(first)  # what is done stays
    with out.open(newline='') as file:
        rows = list(csv.DictReader(file))
    from study.measuring import PRODUCTS

    from mmspg.models import CAMHead, SPGHead

    sources = [(row['system'], row['source']) for row in rows]
    assert sources == [
        ('centred box', 'attention'),
        *(
            ('SPG, two maps', s)
            for s in (*SPGHead.score_map_sources, *PRODUCTS)
        ),
        *(
            ('SPG-plain', s)
            for s in (*CAMHead.score_map_sources, 'positive*features')
        ),
    ]
    assert {row['images'] for row in rows} == {'24'}
    run = tmp_path / 'work/study/cub40_64_SPG-two-maps_base_0'
    report = scripts / 'report.py', out
    curves = tmp_path / 'curves.png'
    text = call(*report, '--run', run, '--curves', curves)
    assert cv2.imread(str(curves)).std() > 10
    assert f'### {run.name}' in text
    assert '| SPG, two maps, map b1 | 1 |' in text
    assert 'Settings tried: 1' in text
    text = call(*report, '--against', 'SPG, two maps', 'b1')
    (of_itself,) = re.findall(
        r'\| SPG, two maps, map b1 \| 1 .*\|  \|  \|\n', text
    )
    assert of_itself.count('|') == 10  # as many as columns, and one

    checkpoint = torch.load(run / 'epoch_1.pth', weights_only=False)
    checkpoint['state_dict']['neck.spg_b1.0.bias'] -= 1e6
    torch.save(checkpoint, run / 'epoch_1.pth')
    text = call(scripts / 'branches.py', run)
    assert text.count(f'| {run.name} |') == 3
    assert re.findall(r'\| (\w+) \| 100.0 \|', text) == ['b1']


@pytest.mark.slow
def test_attributions_and_baselines_go_on(scripts, data, tmp_path):
    model = torchvision.models.squeezenet1_1(weights=None)
    save_file(model.state_dict(), tmp_path / 'net.safetensors')
    out = tmp_path / 'rows.csv'
    command = (
        *(scripts / 'attributions.py', '--data', data / 'cub40'),
        *('--weights', tmp_path / 'net.safetensors', '--out', out),
        *('--images', 2, '--methods'),
    )
    call(*command, 'cam')
    call(*command, 'cam', 'mwp')
    with out.open(newline='') as file:
        assert [r['method'] for r in csv.DictReader(file)] == ['cam', 'mwp']
    work = tmp_path / 'work'
    call(
        *(scripts / 'baselines.py', '--data', data / 'cub40', '--side', 64),
        *('--work-dir', work, '--train', 3, '--test', 2, '--epochs', 1),
        *('--only', 'cam_googlenet', 'backprop_googlenet'),
    )
    with (work / 'rows.csv').open(newline='') as file:
        names = [row['config'] for row in csv.DictReader(file)]
    assert names == ['cam_googlenet_cub', 'backprop_googlenet_imagenet']
