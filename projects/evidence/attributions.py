"""Compare attributions on ILSVRC photographs, by a network that is trained.

    python projects/evidence/attributions.py --data DIR --out rows.csv

SqueezeNet 1.1 with its ImageNet weights (1000 classes) on the test images of
DIR, a folder with a split.csv, whose classes are ImageNet's 1000 (README.md).
One row a method, with the method's own box rule; the map is the true class's.
Rows that the file has already are not repeated.
"""

import argparse
import tempfile
import time
from pathlib import Path

from study.jobs import work_off
from study.parts import write_parts
from study.table import Table

MWP = dict(name='excitation', layer='backbone.trunk.5')
CAM_RULE = dict(rule='cam', thresholds=[0.2])
MWP_RULE = dict(
    rule='mean', thresholds=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0], threshold=1.5
)
FEEDBACK = dict(name='feedback', iterations=5)
ENERGY_RULE = dict(rule='energy', thresholds=[0.95])
# Method -> attribution (None: class maps), smoothing and box rule.
METHODS = {
    'cam': (None, 0, CAM_RULE),
    'backprop': (dict(name='backprop'), 0.02, CAM_RULE),
    'backprop, not smoothed': (dict(name='backprop'), 0, CAM_RULE),
    'deconv': (dict(name='deconv'), 0.02, CAM_RULE),
    'deconv, not smoothed': (dict(name='deconv'), 0, CAM_RULE),
    'mwp': (MWP, 0, MWP_RULE),
    'cmwp': (dict(MWP, contrastive=True), 0, MWP_RULE),
    'feedback': (FEEDBACK, 0.02, ENERGY_RULE),
}
FIGURES = ('gt_known_err', 'top1_err', 'top5_err', 'cls_top1_err')
COLUMNS = ('method', 'images', *FIGURES, 'protocol', 'seconds')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--data', required=True, type=Path)
    parser.add_argument('--out', required=True, type=Path)
    parser.add_argument(
        '--weights',
        type=Path,
        help="a .safetensors file; default: torchvision's, downloaded",
    )
    parser.add_argument('--images', type=int, help='so many, evenly spread')
    parser.add_argument('--batch-size', type=int, default=10)
    parser.add_argument(
        '--methods', nargs='+', choices=list(METHODS), default=list(METHODS)
    )
    return parser.parse_args()


def build_model(weights, attribution, smooth):
    """SqueezeNet 1.1 as a classifier of mmpretrain's kind."""
    import torchvision
    from mmengine.model import BaseModule
    from mmpretrain.registry import MODELS

    from mmspg.models import AttributionClassifier, CAMHead

    class Trunk(BaseModule):
        def __init__(self):
            super().__init__()
            self.trunk = torchvision.models.squeezenet1_1().features

        def forward(self, x):
            return (self.trunk(x),)

    class Head(CAMHead):
        def scores(self, features):  # SqueezeNet has a ReLU before the GAP
            return self.classifier(features).relu().mean(dim=(2, 3))

    parts = dict(
        backbone=Trunk(),
        # The metric asks for the map of the true class only.
        head=Head(num_classes=1000, in_channels=512, score_map_topk=0),
        data_preprocessor=dict(
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            to_rgb=True,
        ),
    )
    if attribution is None:
        model = MODELS.build(dict(type='ImageClassifier', **parts))
    else:
        model = AttributionClassifier(
            attribution=attribution, smooth=smooth, **parts
        )
    if weights:
        from safetensors.torch import load_file

        state = load_file(weights)
    else:
        state = torchvision.models.SqueezeNet1_1_Weights.DEFAULT
        state = state.get_state_dict(progress=False, check_hash=True)
    model.load_state_dict(
        {
            name.replace('features.', 'backbone.trunk.').replace(
                'classifier.1.', 'head.classifier.'
            ): weight.float()
            for name, weight in state.items()
        }
    )
    model.eval()
    return model


def build_loader(data, images, batch_size):
    """The photographs at 224 x 224."""
    from mmengine.dataset import default_collate
    from mmpretrain.registry import DATASETS
    from torch.utils.data import DataLoader

    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder, 'metadata')
        write_parts(data, metadata, fit=0, val=0)
        dataset = DATASETS.build(
            dict(
                type='mmspg.WSOLMetadata',
                data_root=str(data),
                metadata_root=str(metadata),
                split='test',
                test_mode=True,
                pipeline=[
                    dict(type='mmspg.LoadLocImage'),
                    dict(
                        type='mmspg.LocResize',
                        scale=(224, 224),
                        backend='pillow',
                    ),
                    dict(type='mmspg.PackLocInputs'),
                ],
            )
        )
    step = max(1, len(dataset) // (images or len(dataset)))
    chosen = list(range(0, len(dataset), step))[:images]
    return DataLoader(
        [dataset[i] for i in chosen],
        batch_size=batch_size,
        collate_fn=default_collate,
    )


def evaluate(model, loader, rule):
    """Figures of one method."""
    import torch
    from mmengine.evaluator import Evaluator

    from mmspg.evaluation.metrics import LocalizationMetric

    evaluator = Evaluator(LocalizationMetric(**rule))
    with torch.no_grad():
        for batch in loader:
            evaluator.process(model.test_step(batch), batch)
    return evaluator.evaluate(len(loader.dataset))


def main():
    args = parse_args()
    loader = build_loader(args.data, args.images, args.batch_size)

    def measure(job, *_):
        attribution, smooth, rule = METHODS[job['method']]
        start = time.perf_counter()
        model = build_model(args.weights, attribution, smooth)
        figures = evaluate(model, loader, rule)
        row = job | {k: f'{figures[f"loc/{k}"]:.2f}' for k in FIGURES}
        row['protocol'] = figures['loc/protocol']
        row['seconds'] = round(time.perf_counter() - start, 1)
        return [row]

    images = len(loader.dataset)
    with tempfile.TemporaryDirectory() as folder:  # for the locks
        work_off(
            (dict(method=method, images=images) for method in args.methods),
            measure,
            Table(args.out, COLUMNS, ('method', 'images')),
            Path(folder),
        )


if __name__ == '__main__':
    main()
