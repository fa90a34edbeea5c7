"""The study on real photographs: its parts, statistics and commands."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from itertools import product

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

COLUMNS = (
    *('image', 'class_index', 'class_name', 'x0', 'y0', 'x1', 'y1'),
    *('split', 'width', 'height'),
)


@pytest.fixture(scope='module', autouse=True)
def importable(root):
    path = str(root / 'tools/benchmarks')
    sys.path.insert(0, path)
    yield
    sys.path.remove(path)


@pytest.fixture(scope='module')
def parts(shared, tmp_path_factory):
    """The three lists of both data sets, as the study takes them."""
    from evidence_runs.parts import write_parts
    from evidence_runs.systems import DATA_SETS

    folder = tmp_path_factory.mktemp('parts')
    for name, data_set in DATA_SETS.items():
        write_parts(shared / 'data' / name, folder / name, data_set)
    return folder


@pytest.mark.parametrize(
    ('name', 'classes', 'numbers'),
    [('cub40', 40, (25, 5, None)), ('ilsvrc10', 10, (100, 5, 20))],
)
def test_parts_are_disjoint_and_as_many_of_each_class(
    parts, name, classes, numbers
):
    images = {
        part: (parts / name / part / 'image_ids.txt').read_text().split()
        for part in ('fit', 'val', 'test')
    }
    every = [image for part in images.values() for image in part]
    assert len(set(every)) == len(every)
    for part, number in zip(images, numbers, strict=True):
        of_class = Counter(image.split('/')[1] for image in images[part])
        assert len(of_class) == classes
        if number:
            assert set(of_class.values()) == {number}
    assert not (parts / name / 'fit/localization.txt').exists()


def test_boxes_of_the_parts_are_the_annotated_ones(parts, shared):
    from mmspg.datasets import WSOLMetadata

    name = 'ilsvrc10'
    dataset = WSOLMetadata(
        data_root=str(shared / 'data' / name),
        metadata_root=str(parts / name),
        split='test',
        test_mode=True,
    )
    annotated = {}
    with (shared / 'data' / name / 'split.csv').open(newline='') as file:
        for row in csv.DictReader(file):
            if row['x0']:
                box = [float(row[k]) for k in ('x0', 'y0', 'x1', 'y1')]
                annotated.setdefault(row['image'], []).append(box)
    for i in range(0, len(dataset), 17):
        info = dataset.get_data_info(i)
        np.testing.assert_allclose(
            info['ori_gt_bboxes'], annotated[info['img_id']], atol=1e-4
        )


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
def test_hits_come_back_from_the_table(rows):
    from evidence_runs.measuring import pack, unpack

    rows = np.array(rows)
    assert (unpack(pack(rows), rows.shape[1]) == rows).all()


def test_interval_is_that_of_all_resamples():
    """Three images, two seeds: every resample can be listed."""
    from evidence_runs.statistics import difference

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


def test_thresholds_are_chosen_and_applied():
    from evidence_runs.measuring import Hits

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


TRUNK = 'torchvision://inception_v3_google'


@pytest.mark.parametrize('name', ['cub40', 'ilsvrc10'])
def test_tuned_recipe_is_the_one_measured(root, shared, parts, name):
    """But for the map that is read, which is chosen after the training."""
    from evidence_runs.systems import DATA_SETS, SETTINGS
    from evidence_runs.training import run_config

    from mmspg.utils.cfg import load_config, set_input_size

    data_set = DATA_SETS[name]
    path = f'configs/tuned/spg_inceptionv3_{data_set.config}_few-images.py'
    tuned = load_config(str(root / path))
    set_input_size(tuned, 96)
    folder = (
        parts / name,
        shared / 'data' / name,
        'torchvision://inception_v3_google',
    )
    base = SETTINGS['base']
    measured = run_config('SPG', data_set, *folder, 96, 0, base)
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


def test_report_of_a_run_that_did_not_end(root, tmp_path):
    from evidence_runs import table

    shared = dict(data_set='cub40', side=96, system='SPG', setting='base')
    end = dict(seed=1, source='attention', val_gt_known=50, val_v2=40)
    lost = dict(seed=0, source='attention', fate='loss not finite')
    out = tmp_path / 'evidence.csv'
    report = root / 'tools/benchmarks/evidence_report.py'
    table.append(out, [shared | lost])
    text = call(report, out)
    assert '| base | SPG | 1 |  |  |  | loss not finite |' in text
    assert 'lost: cub40 96 SPG base 0' in text
    end |= dict(val_cls_top1=30, seconds=1800)
    table.append(out, [shared | end, shared | end | dict(source='b1')])
    line = '| base | SPG | 2 | 50.0 | 40.0 | 30.0 | loss not finite |'
    text = call(report, out)
    assert line in text
    assert '1 trainings took 0.5 hours' in text  # a run, whatever its maps


def test_report_of_runs_without_branches():
    """A column that a run has not is left blank, and the others stay."""
    from evidence_report import LOSSES, MASKS, over_time

    (row,) = over_time([dict(step=10, loss_cls=1.5)])
    assert row == ['10', '1.50'] + [''] * (len(LOSSES) - 1 + len(MASKS))


def few_images(shared, target):
    """Two species with a few images, in the form of the study's data."""
    for name in ('cub40', 'ilsvrc10'):
        rows = Counter()
        (target / name).mkdir(parents=True)
        (target / name / 'images').symlink_to(
            shared / 'data' / name / 'images'
        )
        with (
            (shared / 'data' / name / 'split.csv').open(newline='') as source,
            (target / name / 'split.csv').open('w', newline='') as out,
        ):
            writer = csv.DictWriter(out, COLUMNS, extrasaction='ignore')
            writer.writeheader()
            for row in csv.DictReader(source):
                of_class = row['class_index'], row['split']
                rows[of_class] += 1
                if int(row['class_index']) < 2 and rows[of_class] < 13:
                    writer.writerow(row)
    (target / 'weights').symlink_to(shared / 'data/weights')


def call(script, *args):
    done = subprocess.run(
        [sys.executable, script, *map(str, args)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_commands(root, shared, tmp_path):
    """Train two systems briefly, go on, and print the tables."""
    few_images(shared, tmp_path / 'data')
    out = tmp_path / 'evidence.csv'
    study = (
        root / 'tools/benchmarks/evidence.py',
        *('--data', tmp_path / 'data', '--work-dir', tmp_path / 'work'),
        *('--out', out, '--data-sets', 'cub40', '--side', 64),
    )
    call(*study, '--seeds', 0, '--systems', 'centred box', 'SPG')
    first = out.read_text()
    call(*study, '--seeds', 0, '--systems', 'SPG', 'SPG-plain')
    assert out.read_text().startswith(first)  # what is done stays
    with out.open(newline='') as file:
        rows = list(csv.DictReader(file))
    from mmspg.models import SPGHead

    sources = [(row['system'], row['source']) for row in rows]
    assert sources == [
        ('centred box', 'attention'),
        *(('SPG', s) for s in SPGHead.score_map_sources),
        *(('SPG-plain', s) for s in ('attention', 'features')),
    ]
    assert {row['images'] for row in rows} == {'24'}
    scalars = next((tmp_path / 'work').glob('*SPG_*/*/vis_data/scalars.json'))
    assert 'mask_a_fg' in json.loads(scalars.read_text().splitlines()[0])
    run = next((tmp_path / 'work').glob('*SPG_*/'))
    report = root / 'tools/benchmarks/evidence_report.py', out
    curves = tmp_path / 'curves.png'
    text = call(*report, '--run', run, '--curves', curves)
    assert cv2.imread(str(curves)).std() > 10
    assert f'### {run.name}' in text
    assert '| SPG, map b1 | 1 |' in text
    assert 'Settings tried: 1' in text
    text = call(*report, '--against', 'SPG', 'b1')
    (of_itself,) = re.findall(r'\| SPG, map b1 \| 1 .*\|  \|  \|\n', text)
    assert of_itself.count('|') == 9

    checkpoint = torch.load(run / 'epoch_4.pth', weights_only=False)
    checkpoint['state_dict']['neck.spg_b1.0.bias'] -= 1e6
    torch.save(checkpoint, run / 'epoch_4.pth')
    text = call(root / 'tools/benchmarks/evidence_branches.py', run)
    assert text.count(f'| {run.name} |') == 3
    assert re.findall(r'\| (\w+) \| 100.0 \|', text) == ['b1']
