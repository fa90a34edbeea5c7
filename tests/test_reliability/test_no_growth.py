"""Memory of long evaluations and long trainings stays where it was."""

import gc
import os
import resource
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from mmspg.evaluation.metrics import LocalizationMetric, MaxBoxAcc

SIDE = 24
BYTES_A_RECORD = 1024  # what RecordMetric promises


def samples(number, num_classes=1000, num_boxes=256, seed=0):
    """Data samples as a model and a pipeline give them, one at a time."""
    dice = np.random.default_rng(seed)
    corners = np.sort(dice.integers(0, SIDE, (num_boxes, 2, 2)), axis=1)
    boxes = corners.reshape(-1, 4).astype(np.float32) + [0, 0, 1, 1]
    boxes = torch.from_numpy(boxes.astype(np.float32))
    for index in range(number):
        label = int(dice.integers(num_classes))
        labels = torch.tensor([*range(5), label])
        yield dict(
            sample_idx=index,
            img_id=f'val/{index:08d}.JPEG',
            gt_label=torch.tensor([label]),
            ori_gt_bboxes=boxes.clone(),
            ori_shape=(SIDE, SIDE),
            img_shape=(SIDE, SIDE),
            pred_score=torch.from_numpy(dice.random(num_classes, np.float32)),
            score_map=torch.from_numpy(dice.random((6, 7, 7), np.float32)),
            score_map_labels=labels,
        )


def growth(metric, number, warm=20):
    """Bytes a sample that stay, after the first few."""
    stream = samples(number + warm)
    for _ in range(warm):
        metric.process(None, [next(stream)])
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for sample in stream:
            metric.process(None, [sample])
        del sample
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / number, peak - after


@pytest.mark.parametrize(
    'metric',
    [
        dict(type=LocalizationMetric, thresholds=100),
        pytest.param(
            dict(
                type=LocalizationMetric,
                thresholds=100,
                top5_star='components',
                error_split=True,
            ),
            marks=pytest.mark.slow,
        ),
        dict(type=MaxBoxAcc, multi_iou=True, interval=0.01),
    ],
    ids=['loc', 'loc-all', 'max-box-acc-v2'],
)
def test_a_metric_keeps_a_kilobyte_an_image(metric):
    """1,000 classes and 256 boxes an image, of which nothing stays."""
    metric = dict(metric)
    metric = metric.pop('type')(**metric)
    stays, on_top = growth(metric, 150)
    assert stays < BYTES_A_RECORD
    assert on_top < 8 * 2**20
    figures = metric.evaluate(170)
    assert all(
        0 <= v <= 100
        for k, v in figures.items()
        if 'acc' in k and isinstance(v, float)
    )


def test_a_metric_that_keeps_its_samples_is_found():
    """Or the test above could not fail."""

    class Hoarder(LocalizationMetric):
        def record(self, sample):
            return [sample, super().record(sample)]

    stays, _ = growth(Hoarder(thresholds=20), 60)
    assert stays > BYTES_A_RECORD


@pytest.mark.slow
@pytest.mark.skipif(
    not Path('/proc/self/statm').exists(), reason='reads /proc'
)
def test_memory_of_the_process():
    """As the system counts it; 50,000 images by MMSPG_LOAD_IMAGES=50000."""
    number = int(os.environ.get('MMSPG_LOAD_IMAGES', '5000'))
    metrics = [
        LocalizationMetric(thresholds=100),
        MaxBoxAcc(multi_iou=True, interval=0.01),
    ]
    used = []
    for index, sample in enumerate(samples(number)):
        for metric in metrics:
            metric.process(None, [sample])
        if index in (number // 10, number - 1):
            used.append(resident())
    for metric in metrics:
        metric.evaluate(number)
    settled, end = used
    kept = (end - settled) / (number * 0.9) / len(metrics)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
    print(
        f'{number} images: {settled >> 20} MiB after a tenth, {end >> 20} MiB '
        f'at the end, {peak} MiB at most; {kept:.0f} bytes an image and metric'
    )
    assert kept < BYTES_A_RECORD
    assert resident() - settled < number * len(metrics) * BYTES_A_RECORD


def resident():
    """Bytes of memory of this process."""
    gc.collect()
    pages = Path('/proc/self/statm').read_text().split()[1]
    return int(pages) * os.sysconf('SC_PAGE_SIZE')
