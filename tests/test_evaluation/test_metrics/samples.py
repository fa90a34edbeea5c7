"""Data samples drawn by hand, as a model and a pipeline would give them."""

import numpy as np
import torch


def block(box, size=(10, 8), value=1.0):
    """A map that is ``value`` in a box of inclusive pixels, 0 elsewhere."""
    score_map = np.zeros(size[::-1], np.float32)
    x0, y0, x1, y1 = box
    score_map[y0 : y1 + 1, x0 : x1 + 1] = value
    return score_map


def sample(index, boxes, maps, truth, ranked, num_classes=10, size=(10, 8)):
    """Give one sample; the map is as large as the image, so pixels count.

    Args:
        boxes: True boxes in inclusive pixels.
        maps: Class -> map.
        truth: The true class.
        ranked: Classes from the best; those not listed follow.
    """
    scores = np.zeros(num_classes, np.float32)
    scores[list(ranked)] = np.arange(len(ranked), 0, -1) / 100
    labels = [*ranked[:5], truth]
    nothing = np.zeros(size[::-1], np.float32)
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    return dict(
        sample_idx=index,
        img_id=f'{index}.jpg',
        gt_label=torch.tensor([truth]),
        ori_gt_bboxes=boxes + torch.tensor([0, 0, 1, 1]),
        ori_shape=size[::-1],
        img_shape=size[::-1],
        pred_score=torch.from_numpy(scores),
        score_map=torch.from_numpy(
            np.stack([maps.get(label, nothing) for label in labels])
        ),
        score_map_labels=torch.tensor(labels),
    )


def evaluate(metric, samples, size=None):
    """Run a metric over samples; the figures without prefix."""
    metric.process(None, samples)
    figures = metric.evaluate(len(samples) if size is None else size)
    return {key.split('/', 1)[1]: value for key, value in figures.items()}
