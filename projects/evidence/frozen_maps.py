"""What map and steps gain on a network that was never trained on the classes.

    python projects/evidence/frozen_maps.py DATA PARTS inception WEIGHTS
    python projects/evidence/frozen_maps.py DATA PARTS lite0

DATA is a folder of lay_out.py, PARTS what study/parts.py wrote for it.
Chooses on the part 'val' and measures on the part 'test', as
tools/analysis_tools/choose_maps.py does. The maps know no class: the mean of
the last features, DDT of 'val', and their product. 'inception' is
torchvision's Inception-v3 up to Mixed_6e at its own stride; WEIGHTS are a
safetensors file for input in [-1, 1]. 'lite0' has the weights of pip.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

LAYERS = (
    *('Conv2d_1a_3x3', 'Conv2d_2a_3x3', 'Conv2d_2b_3x3', 'maxpool1'),
    *('Conv2d_3b_1x1', 'Conv2d_4a_3x3', 'maxpool2'),
    *('Mixed_5b', 'Mixed_5c', 'Mixed_5d', 'Mixed_6a'),
    *('Mixed_6b', 'Mixed_6c', 'Mixed_6d', 'Mixed_6e'),
)
SIDE = 224


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('data', type=Path)
    parser.add_argument('parts', type=Path)
    parser.add_argument('trunk', choices=['inception', 'lite0'])
    parser.add_argument('weights', nargs='?')
    return parser.parse_args()


def build_trunk(name, weights):
    """A frozen network: pixels in [0, 255] to its last features."""
    if name == 'lite0':
        from mmspg.models import AnyTrunk

        trunk = dict(type='timm/tf_efficientnet_lite0', output_stride=16)
        start = dict(type='Pretrained', checkpoint='pip://lite0')
        net = AnyTrunk(trunk, init_cfg=start)
        net.init_weights()
        net.eval()
        return lambda x: net((x - 127) / 128)[-1]
    from safetensors.torch import load_file
    from torchvision.models import Inception3

    whole = Inception3(aux_logits=False, init_weights=False)
    found = whole.load_state_dict(load_file(weights), strict=False)
    if found.unexpected_keys:
        raise ValueError(f'{weights} has {found.unexpected_keys[:3]}')
    layers = nn.Sequential(*(getattr(whole, name) for name in LAYERS))
    layers.eval()
    return lambda x: layers(x / 127.5 - 1)


@torch.inference_mode()
def rows_of(trunk, data, part):
    """Images with their features, boxes and sizes."""
    boxes = {}
    for line in (part / 'localization.txt').read_text().splitlines():
        name, *corners = line.split(',')
        boxes.setdefault(name, []).append([float(c) for c in corners])
    for name in (part / 'image_ids.txt').read_text().splitlines():
        image = Image.open(data / name).convert('RGB')
        pixels = np.array(image.resize((SIDE, SIDE), Image.BILINEAR))
        pixels = torch.from_numpy(pixels).float().permute(2, 0, 1)[None]
        yield dict(
            features=trunk(pixels),
            ori_shape=image.size[::-1],
            img_shape=(SIDE, SIDE),
            # To continuous corners.
            ori_gt_bboxes=np.array(boxes[name]) + (0, 0, 1, 1),
        )


def with_maps(rows, statistics):
    """The maps in the place of the features."""
    from mmspg.models.ddt import project
    from mmspg.models.guidance import geometric_mean

    for row in rows:
        features = row.pop('features')
        mean, ddt = features.mean(1), project(features, statistics)
        both = geometric_mean(mean[:, None], ddt[:, None])[:, 0]
        maps = {'features': mean, 'ddt': ddt, 'features*ddt': both}
        row['maps'] = {name: one[0].numpy() for name, one in maps.items()}
    return rows


def main():
    args = parse_args()

    from mmspg.evaluation import LocalizationMetric
    from mmspg.evaluation.map_choice import (
        CENTRED,
        Comparison,
        choose,
        chosen,
        compare_centred,
    )
    from mmspg.evaluation.map_tables import choice_table, measured_table
    from mmspg.evaluation.paired_hits import Reading
    from mmspg.models.ddt import principal_direction

    trunk = build_trunk(args.trunk, args.weights)
    metric = LocalizationMetric(thresholds=100)
    rows = list(rows_of(trunk, args.data, args.parts / 'val'))
    statistics = principal_direction(row['features'] for row in rows)
    comparison = Comparison(with_maps(rows, statistics), metric)
    start = Reading.of('features', [])
    path = choose(comparison, start)
    print(choice_table(comparison), end='\n\n')
    for move in path:
        print(f'{"kept" if move.kept else "not kept"}: {move.to} {move.gain}')
    _, share = compare_centred(rows, metric).figure(CENTRED)
    rows = []
    for row in rows_of(trunk, args.data, args.parts / 'test'):
        rows += with_maps([row], statistics)
    test = Comparison(rows, metric)
    print()
    print(measured_table(comparison, test, start, chosen(path, start)))
    centred = compare_centred(rows, metric).figure_at(CENTRED, share)
    print(f'\nA centred box of {share:.0%} of the sides: {centred:.1f}')


if __name__ == '__main__':
    main()
