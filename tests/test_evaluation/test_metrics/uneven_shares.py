"""One process of test_processes.py: RANK WORLD_SIZE PORT OUT."""

import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.distributed as dist

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))


from mmengine.evaluator import Evaluator  # noqa: E402

from mmspg.registry import METRICS  # noqa: E402
from mmspg.utils.upstream.process_group import leave_process_group  # noqa: E402

NUMBER = 11


def make(index, folder):
    """A random map whose object and mask are where it is high, roughly."""
    rng = np.random.default_rng(index)
    score_map = rng.random((2, 6, 6)).astype(np.float32)
    x, y = rng.integers(0, 60, 2)
    mask = np.zeros((224, 224), np.uint8)
    mask[2 * y : 2 * y + 100, 2 * x : 2 * x + 100] = 255
    path = folder / f'{index}.png'
    cv2.imwrite(str(path), mask)
    return dict(
        sample_idx=index,
        img_id=f'{index}.jpg',
        gt_label=torch.tensor([index % 2]),
        ori_gt_bboxes=torch.tensor([[x, y, x + 50.0, y + 50.0]]),
        ori_shape=(112, 112),
        img_shape=(112, 112),
        pred_score=torch.from_numpy(rng.random(2)),
        score_map=torch.from_numpy(score_map),
        score_map_labels=torch.tensor([0, 1]),
        gt_mask_paths=[str(path)],
    )


def evaluate(share, folder, **options):
    evaluator = Evaluator(
        [
            METRICS.build(dict(type='mmspg.LocalizationMetric', **options)),
            METRICS.build(dict(type='mmspg.MaxBoxAcc', interval=0.1)),
            METRICS.build(
                dict(type='mmspg.MaxBoxAcc', multi_iou=True, interval=0.1)
            ),
            METRICS.build(dict(type='mmspg.PxAP')),
        ]
    )
    for index in share:
        evaluator.process([make(index, folder)])
    return evaluator.evaluate(NUMBER)


def main():
    rank, world_size, port, out = sys.argv[1:]
    rank, world_size = int(rank), int(world_size)
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(world_size),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=port,
    )
    if world_size > 1:
        dist.init_process_group('gloo')
    folder = Path(f'masks{rank}').resolve()
    folder.mkdir()
    # The first process has one image, the last all that are left.
    uneven = {
        1: [range(NUMBER)],
        2: [range(1), range(1, NUMBER)],
        3: [range(1), range(0), range(1, NUMBER)],
    }[world_size][rank]
    size = -(-NUMBER // world_size) * world_size
    repeated = [i % NUMBER for i in range(size)][rank::world_size]
    options = dict(top5_star='thresholds', error_split=True, per_class=True)
    result = dict(
        uneven=evaluate(uneven, folder, **options),
        repeated=evaluate(repeated, folder, **options),
    )
    none = Path(f'none_{rank}.json')  # the processes share the folder
    none.write_text('{"x.jpg": {"labels": [0], "scores": [1]}}')
    with pytest.raises(ValueError, match=f'for {NUMBER} images'):
        evaluate(uneven, folder, class_predictions=str(none))
    if rank == 0:
        Path(out).write_text(json.dumps(result))
    leave_process_group()


if __name__ == '__main__':
    main()
