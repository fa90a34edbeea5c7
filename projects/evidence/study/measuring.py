"""Hits of one trained model on a part of the photographs."""

import base64
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from mmengine.structures import BaseDataElement
from torch.utils.data import DataLoader

from mmspg.evaluation import LocalizationMetric, MaxBoxAcc
from mmspg.evaluation.functional import unpack_hits
from mmspg.registry import DATASETS, MODELS

# Where both of two maps agree, beside the head's own attention_fuse.
PRODUCTS = 'positive*features', 'attention*c', 'positive*c'


class Hits(NamedTuple):
    """Of N images and T thresholds.

    Attributes:
        gt_known (array): ``(N, T)``, the paper's rule.
        v2 (array): ``(N, 3, T')``, the benchmark's rule.
        classified (array): ``(N, )``, class Top-1.
    """

    gt_known: np.ndarray
    v2: np.ndarray
    classified: np.ndarray

    def choose(self):
        """The best thresholds here: one, and one for each IoU of V2."""
        return (
            int(self.gt_known.mean(0).argmax()),
            self.v2.mean(0).argmax(axis=1),
        )

    def at(self, choice):
        """Rows of hits at thresholds that were chosen: ``(5, N)``.

        GT-known, class Top-1, and V2 at IoU .3, .5 and .7.
        """
        one, three = choice
        v2 = [self.v2[:, i, t] for i, t in enumerate(three)]
        return np.stack([self.gt_known[:, one], self.classified, *v2])


def measure(predict, cfg, part):
    """Hits on a part of the data set, for each map that localizes.

    Args:
        predict (CentredBox | Network): What predicts.
        cfg (Config): Of the run, with the data sets of its ``measured``.
        part (str): 'val' or 'test'.

    Returns:
        dict[str, Hits]: For each source.
    """
    init_default_scope('mmpretrain')
    loader = DataLoader(
        DATASETS.build(cfg.measured[part]),
        batch_size=20,
        num_workers=cfg.test_dataloader.num_workers,
        collate_fn=pseudo_collate,
    )
    paper = LocalizationMetric(thresholds=100)
    v2 = MaxBoxAcc(multi_iou=True)
    bits = len(v2.accuracy.iou_thrs), len(v2.thresholds)
    found = defaultdict(lambda: ([], [], []))
    for batch in loader:
        for source, samples in predict(batch).items():
            for sample in map(BaseDataElement.to_dict, samples):
                record = paper.record(sample)
                rows = found[source]
                rows[0].append(paper.layout.unpack([record])[0, 0])
                rows[1].append(unpack_hits([v2.record(sample)[1]], bits)[0])
                rows[2].append(record.rank == 0)
    return {
        source: Hits(*(np.array(rows) for rows in lists))
        for source, lists in found.items()
    }


class CentredBox:
    """Stands in for a model: its boxes are centred, whatever the image.

    The level sets of its map are boxes of the image's own aspect; the
    threshold chooses their size.
    """

    def __init__(self):
        axis = (torch.arange(56) + 0.5) / 28 - 1
        self.map = 1 - torch.maximum(axis.abs()[:, None], axis.abs())

    def __call__(self, batch):
        """Data samples with the map, and no class."""
        for sample in batch['data_samples']:
            sample.set_field(self.map[None], 'score_map', dtype=torch.Tensor)
            sample.set_field(
                sample.gt_label, 'score_map_labels', dtype=torch.Tensor
            )
            sample.set_pred_score(torch.zeros(1000))
        return dict(attention=batch['data_samples'])


class Network:
    """A trained model, and the maps that it localizes with.

    Args:
        cfg (Config): Of the run.
        checkpoint (Path): Of the run.
    """

    def __init__(self, cfg, checkpoint):
        preprocessor = cfg.get('data_preprocessor')
        self.model = MODELS.build(
            {'data_preprocessor': preprocessor, **cfg.model}
        )
        load_checkpoint(
            self.model, str(checkpoint), map_location='cpu', logger='silent'
        )
        self.model.eval()
        if torch.cuda.is_available():
            self.model.cuda()
        neck = cfg.model.get('neck') or {}
        without = set() if neck.get('with_c', True) else {'c'}
        sources = self.model.head.score_map_sources
        self.sources = [s for s in sources if s not in without]
        self.sources += [
            s for s in PRODUCTS if not without.intersection(s.split('*'))
        ]

    @torch.inference_mode()
    def __call__(self, batch):
        """Data samples for each source, of one forward pass."""
        data = self.model.data_preprocessor(batch)
        feats = self.model.extract_feat(data['inputs'])
        found = {}
        for source in self.sources:
            self.model.head.score_map_source = source
            samples = [sample.clone() for sample in data['data_samples']]
            samples = self.model.head.predict(feats, samples)
            found[source] = [sample.cpu() for sample in samples]
        return found


def pack(rows):
    """Rows of hits ``(5, N)`` as text."""
    return base64.b64encode(np.packbits(rows, axis=1).tobytes()).decode()


def unpack(text, number):
    """Rows of hits ``(5, number)`` of the text that `pack` gives."""
    packed = np.frombuffer(base64.b64decode(text), np.uint8).reshape(5, -1)
    return np.unpackbits(packed, axis=1, count=number).astype(bool)
