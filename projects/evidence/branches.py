"""Are the side branches alive? From the last checkpoints of runs of SPG.

    python projects/evidence/branches.py WORK/small/ilsvrc10_96_SPG_base_0

Prints Markdown, over the validation part: the share of zeros after the first
layer of each branch (near 100 %: its units are dead, and no gradient passes),
and the range of the branch's map before the sigmoid (all above zero: it says
foreground everywhere).
"""

import argparse
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from report import lines_of
from study.measuring import Network

from mmspg.registry import DATASETS

BRANCHES = ('b1', 'b2', 'c')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('runs', type=Path, nargs='+')
    return parser.parse_args()


@torch.inference_mode()
def branches_of(run):
    """A row of the table for each branch of one run."""
    cfg = Config.fromfile(run / 'run.py')
    model = Network(cfg, run / f'epoch_{cfg.train_cfg.max_epochs}.pth').model
    dataset = DATASETS.build(cfg.measured.val)
    batch = pseudo_collate([dataset[i] for i in range(len(dataset))])
    feats = model.extract_feat(model.data_preprocessor(batch)['inputs'])
    branches = BRANCHES if model.neck.with_c else BRANCHES[:2]
    for branch, features in zip(branches, feats, strict=False):
        conv, relu, *_ = getattr(model.neck, f'spg_{branch}')
        zeros = (relu(conv(features)) == 0).float().mean()
        logits = getattr(feats, branch)()
        yield [
            run.name,
            branch,
            f'{100 * zeros:.1f}',
            *(f'{v:.1f}' for v in (logits.min(), logits.mean(), logits.max())),
        ]


def main():
    args = parse_args()
    header = ['run', 'branch', '% zeros', 'lowest', 'mean', 'highest']
    rows = [row for run in args.runs for row in branches_of(run)]
    print(*lines_of(header, rows), sep='\n')


if __name__ == '__main__':
    main()
